import { ApiError, ConnectionError } from '@weft/sdk';

/** An error in words for people: what is wrong, and what to do about it. */
export type Explained = { title: string; detail: string; hint: string | null; points: string[] };

const HINTS: Readonly<Record<string, string>> = {
  unauthorized: 'Sign in with a key (npx weft keys create) or the token of the server.',
  forbidden: 'Your key may not do this: ask the operator, or sign in with another one.',
  not_found: 'It may have been deleted by retention. The list shows what there is.',
  conflict: 'It has changed meanwhile. Look at it again; what you see now is the present state.',
  too_many_requests: 'Wait a moment and do it again.',
  unavailable: 'The store does not answer: see npx weft doctor.',
};

export function explain(error: unknown): Explained {
  if (error instanceof ConnectionError)
    return {
      title: 'The server does not answer',
      detail: error.message,
      hint: 'Is it running? Start it with npx weft dev; this page goes on by itself once it is back.',
      points: [],
    };
  if (error instanceof ApiError)
    return {
      title: error.problem.title,
      detail: error.message,
      hint: HINTS[error.code] ?? null,
      points: error.problem.errors.map(({ pointer, message }) => `${pointer || '(whole)'}: ${message}`),
    };
  return {
    title: 'This did not work',
    detail: error instanceof Error ? error.message : String(error),
    hint: null,
    points: [],
  };
}

export function isUnauthorized(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}
