/** Failed tasks whose attempts are used up. */
import type { DeadLetter, DeadLetterPage, Json, LetterFilter, LetterResults } from '@weft/contract';
import type { AnswerOptions } from './steer-api.ts';
import { keyHeader } from './tasks-api.ts';
import type { CallOptions, Transport } from './transport.ts';

export type LetterListOptions = CallOptions &
  LetterFilter & { limit?: number | undefined; cursor?: string | undefined };

/** `limit`: at most so many, those that failed last first (100). `dryRun`: only say which they are. */
export type ManyLettersOptions = AnswerOptions & { limit?: number | undefined; dryRun?: boolean | undefined };

export type DeadLettersApi = {
  /** Open ones, those that failed last first. */
  list(options?: LetterListOptions): Promise<DeadLetterPage>;
  /** With the input of its next attempt; also after it was retried or discarded. */
  get(taskId: string, options?: CallOptions): Promise<DeadLetter>;
  /** Does it again; `with` is the input of all its attempts from now on. Throws `ApiError` `conflict` where that cannot be. */
  retry(taskId: string, options?: AnswerOptions & { with?: Json | undefined }): Promise<DeadLetter>;
  /** Puts it away. Throws `ApiError` `conflict` if it is no open letter. */
  discard(taskId: string, options?: AnswerOptions): Promise<DeadLetter>;
  /** Each on its own: the answer tells of those that were refused. */
  retryMany(filter: LetterFilter, options?: ManyLettersOptions): Promise<LetterResults>;
  discardMany(filter: LetterFilter, options?: ManyLettersOptions): Promise<LetterResults>;
};

const PATH = '/v1/dead-letters';

export function deadLettersApi(transport: Transport): DeadLettersApi {
  const pathOf = (taskId: string): string => `${PATH}/${encodeURIComponent(taskId)}`;
  const many =
    (action: 'retry' | 'discard'): DeadLettersApi['retryMany'] =>
    (filter, { limit, dryRun, ...options } = {}) =>
      transport.json({
        ...post(`${PATH}/${action}`, options),
        json: { filter, ...(limit !== undefined && { limit }), ...(dryRun !== undefined && { dryRun }) },
      });
  return {
    list: ({ signal, ...query } = {}) => transport.json({ signal, path: PATH, query }),
    get: (taskId, options) => transport.json({ ...options, path: pathOf(taskId) }),
    retry: (taskId, { with: edited, ...options } = {}) =>
      transport.json({
        ...post(`${pathOf(taskId)}/retry`, options),
        json: edited === undefined ? {} : { with: edited },
      }),
    discard: (taskId, options = {}) => transport.json({ ...post(`${pathOf(taskId)}/discard`, options), json: {} }),
    retryMany: many('retry'),
    discardMany: many('discard'),
  };
}

function post(path: string, { signal, idempotencyKey, user }: AnswerOptions) {
  const headers = { ...keyHeader(idempotencyKey), ...(user !== undefined && { 'x-weft-user': user }) };
  return { signal, method: 'POST' as const, path, headers };
}
