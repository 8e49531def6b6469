import type { Reasons, StartedTask, StartTask, Task } from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

/** Single tasks, without a workflow around them. */
export type TasksApi = {
  start(request: StartTask, options?: CallOptions & { idempotencyKey?: string | undefined }): Promise<StartedTask>;
  get(id: string, options?: CallOptions): Promise<Task>;
  /** Why it is where it is, the most telling reason first. */
  why(id: string, options?: CallOptions): Promise<Reasons>;
};

export function tasksApi(transport: Transport): TasksApi {
  return {
    start: (request, { signal, idempotencyKey } = {}) =>
      transport.json({ signal, method: 'POST', path: '/v1/tasks', json: request, headers: keyHeader(idempotencyKey) }),
    get: (id, options) => transport.json({ ...options, path: `/v1/tasks/${encodeURIComponent(id)}` }),
    why: (id, options) => transport.json({ ...options, path: `/v1/tasks/${encodeURIComponent(id)}/why` }),
  };
}

/** The header that names a request which may be sent again. */
export function keyHeader(idempotencyKey: string | undefined): Record<string, string> {
  return idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
}
