import type { StartedTask, StartTask, Task } from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

/** Single tasks, without a workflow around them. */
export type TasksApi = {
  start(request: StartTask, options?: CallOptions & { idempotencyKey?: string | undefined }): Promise<StartedTask>;
  get(id: string, options?: CallOptions): Promise<Task>;
};

export function tasksApi(transport: Transport): TasksApi {
  return {
    start: (request, { signal, idempotencyKey } = {}) =>
      transport.json({ signal, method: 'POST', path: '/v1/tasks', json: request, headers: keyHeader(idempotencyKey) }),
    get: (id, options) => transport.json({ ...options, path: `/v1/tasks/${encodeURIComponent(id)}` }),
  };
}

/** The header that names a request which may be sent again. */
export function keyHeader(idempotencyKey: string | undefined): Record<string, string> {
  return idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
}
