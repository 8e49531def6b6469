import type { Worker, WorkerPage } from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

/** The worker processes. */
export type WorkersApi = {
  list(options?: CallOptions & { limit?: number | undefined; cursor?: string | undefined }): Promise<WorkerPage>;
  /** Lets it finish what it runs and leave; it hears of it with its next beat, within two seconds. */
  drain(id: string, options?: CallOptions): Promise<Worker>;
  /** Lets it claim nothing more; what it runs goes on. */
  cordon(id: string, options?: CallOptions): Promise<Worker>;
  /** Lets it claim again. */
  uncordon(id: string, options?: CallOptions): Promise<Worker>;
};

export function workersApi(transport: Transport): WorkersApi {
  const direct =
    (action: string) =>
    (id: string, { signal }: CallOptions = {}): Promise<Worker> =>
      transport.json({ signal, method: 'POST', path: `/v1/workers/${encodeURIComponent(id)}/${action}` });
  return {
    list: ({ signal, ...query } = {}) => transport.json({ signal, path: '/v1/workers', query }),
    drain: direct('drain'),
    cordon: direct('cordon'),
    uncordon: direct('uncordon'),
  };
}
