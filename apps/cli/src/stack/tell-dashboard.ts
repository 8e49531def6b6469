import { ensureDashboard } from '@weft/dashboard';
import type { Logger } from 'pino';

/** Builds the dashboard if need be; without it the API is served all the same. */
export async function tellDashboard(log: Logger): Promise<void> {
  const state = await ensureDashboard();
  if (state === 'built') log.info({}, 'the dashboard was built');
  if (state === 'stale') log.warn({}, 'the dashboard could not be built again, so an older one is served');
  if (state === 'missing') log.warn({}, 'the dashboard could not be built, so only the API is served');
}
