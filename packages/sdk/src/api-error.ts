import { Problem } from '@weft/contract';

/** The server's refusal. `problem` is its whole answer; `code` and `status` are those of the problem. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly status: number;
  readonly problem: Problem;
  /** How long the server asks to wait before the next try, in milliseconds; null where it does not say. */
  readonly retryAfterMs: number | null;

  constructor(problem: Problem, retryAfterMs: number | null = null) {
    super(problem.detail === '' ? problem.title : problem.detail);
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Reads an answer that is no success; what is no problem document (a proxy's page) becomes `unexpected_answer`. */
export async function toApiError(response: Response): Promise<ApiError> {
  const parsed = Problem.safeParse(await response.json().catch(() => null));
  const problem = parsed.success ? parsed.data : unexpected(response);
  return new ApiError(problem, waitOf(response.headers.get('retry-after')));
}

/** The problem for an answer that does not come from this API. */
export function unexpected(response: Response): Problem {
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status: response.status,
    detail: `${new URL(response.url).origin} answered ${response.status} and it is not an answer of the Weft API`,
    code: 'unexpected_answer',
    requestId: response.headers.get('x-request-id') ?? '',
    errors: [],
  };
}

function waitOf(header: string | null): number | null {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) * 1000 : null;
}
