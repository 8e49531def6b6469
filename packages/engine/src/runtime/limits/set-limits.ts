/** Setting limits and shares, and pausing lanes: it holds here at once, and elsewhere with the next look at what has changed. */
import { AppError } from '@weft/contract';

import type { EngineDeps } from '../deps.ts';
import type { Engine } from '../engine.ts';

type LimitDeps = Pick<EngineDeps, 'limits' | 'log'> & { admission: { refresh(): Promise<void> } };

type LimitCommands = Pick<Engine, 'setTenantLimits' | 'setKeyLimit' | 'removeKeyLimit' | 'pauseLane' | 'resumeLane'>;

export function createLimitCommands({ limits, admission, log }: LimitDeps): LimitCommands {
  /** It is set already; that others must hear of it here a moment later is no failure. */
  async function refresh(): Promise<void> {
    await admission.refresh().catch((error: unknown) => log.warn({ err: error }, 'could not read the limits anew'));
  }

  return {
    async setTenantLimits(tenant, limit) {
      await limits.setTenant(tenant, limit);
      await refresh();
    },
    async setKeyLimit(tenant, key, limit) {
      await limits.setKey(tenant, key, limit);
      await refresh();
    },
    async removeKeyLimit(tenant, key) {
      if (!(await limits.removeKey(tenant, key)))
        throw new AppError('not_found', `there is no limit for the key ${key}`);
      await refresh();
    },
    async pauseLane(lane) {
      await limits.pauseLane(lane);
      await refresh();
    },
    async resumeLane(lane) {
      await limits.resumeLane(lane);
      await refresh();
    },
  };
}
