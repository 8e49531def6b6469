import type { InterruptPage } from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

/** Questions that wait for answers, of whatever run. */
export type InterruptsApi = {
  /** Newest last. */
  list(options?: CallOptions & { limit?: number | undefined; cursor?: string | undefined }): Promise<InterruptPage>;
};

export function interruptsApi(transport: Transport): InterruptsApi {
  return {
    list: ({ signal, ...query } = {}) => transport.json({ signal, path: '/v1/interrupts', query }),
  };
}
