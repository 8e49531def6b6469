import type { WorkerPage } from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

/** The worker processes. */
export type WorkersApi = {
  list(options?: CallOptions & { limit?: number | undefined; cursor?: string | undefined }): Promise<WorkerPage>;
};

export function workersApi(transport: Transport): WorkersApi {
  return {
    list: ({ signal, ...query } = {}) => transport.json({ signal, path: '/v1/workers', query }),
  };
}
