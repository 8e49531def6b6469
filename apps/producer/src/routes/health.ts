import { AppError, DEFAULT_TENANT } from '@weft/contract';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { Health, problems } from '../schemas/answers.ts';

const STORE_TIMEOUT_MS = 2000;

/** Whether the process lives, and whether it can serve. */
export function healthRoutes(api: Api, { queries, clock, version }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/healthz',
    config: { isOpen: true },
    schema: { summary: 'Whether the process lives', tags: ['operation'], response: { 200: Health } },
    handler: async () => ({ status: 'ok' as const, version }),
  });
  api.route({
    method: 'GET',
    url: '/readyz',
    config: { isOpen: true },
    schema: { summary: 'Whether the store answers', tags: ['operation'], response: { 200: Health, ...problems } },
    handler: async () => {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const cancel = clock.after(STORE_TIMEOUT_MS, () => reject(new Error('the store did not answer in time')));
      try {
        await Promise.race([queries.workflows.list({ tenant: DEFAULT_TENANT, limit: 1, afterName: null }), late]);
      } catch (error) {
        throw new AppError('unavailable', 'the store does not answer', { cause: error });
      } finally {
        cancel();
      }
      return { status: 'ok' as const, version };
    },
  });
}
