/**
 * Refuses new work while it could only pile up: 503 where this process or the store cannot take it, 429 where a tenant has
 * too much waiting on a lane. What was accepted stays; reads, cancels, answers, signals and health are never refused.
 */
import { AppError } from '@weft/contract';
import type { Clock } from '@weft/engine/ports';
import type { StartRequest } from '@weft/engine/runtime';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { AppOptions } from '../app-options.ts';
import { jittered } from './lane-load.ts';
import { watchLanes } from './lane-watch.ts';
import { watchProcess } from './process-watch.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Brings new work, which is refused while there is too much. */
    bringsWork?: boolean;
  }
}

export type Backpressure = {
  /** Throws AppError `lane_full` where the tenant has too much waiting on a lane of the workflow. */
  refuseFull(request: Pick<StartRequest, 'workflow' | 'idempotency'>): Promise<void>;
  /** Whether this process takes no new work at all. */
  readonly isBusy: boolean;
};

const LOOK_MS = 1000;
/** How soon a process that is overloaded, or has no store, may be asked again, seconds. */
const BUSY_RETRY_S = 2;

const NONE: Backpressure = { refuseFull: async () => undefined, isBusy: false };

/** Begins to watch when the application is ready, and stops when it closes. Without bounds nothing is refused. */
export function registerBackpressure(app: FastifyInstance, options: AppOptions): Backpressure {
  const { backpressure: bounds, queries, engine, clock } = options;
  if (!bounds) return NONE;
  const lanes = watchLanes(queries, bounds);
  const self = watchProcess(bounds.gauge, clock);
  let end = (): void => undefined;
  app.addHook('onReady', async () => {
    end = lookAgainAndAgain(clock, () => Promise.all([lanes.look(), self.look()]));
  });
  app.addHook('onClose', async () => {
    end();
    bounds.gauge.close();
  });
  app.addHook('onRequest', async (request: FastifyRequest) => {
    if (request.routeOptions.config?.bringsWork !== true) return;
    if (self.isOverloaded) throw busy('overloaded', 'this server has too much to do; try again soon', clock);
    if (lanes.isStoreAway) throw busy('unavailable', 'the store does not answer; try again', clock);
  });

  return {
    get isBusy() {
      return self.isOverloaded || lanes.isStoreAway;
    },
    async refuseFull(request) {
      const { tenant } = request.workflow;
      lanes.note(tenant);
      if (!lanes.isAnyFull) return;
      const graph = await queries.loadGraph(request.workflow);
      const names = new Set(Array.from(graph.nodes.values(), ({ lane }) => lane));
      for (const lane of names) {
        const full = lanes.full({ tenant, lane });
        if (!full) continue;
        const { idempotency } = request;
        // What was accepted before is told again, whatever waits now.
        if (idempotency && (await engine.startedBefore({ tenant, idempotency }))) return;
        const message = `${full.depth} tasks wait on the lane ${lane} already, for about ${Math.round(full.waitMs / 1000)} s`;
        throw new AppError('lane_full', message, { retryAfterS: jittered(full.retryAfterS, chance(clock)) });
      }
    },
  };
}

function busy(code: 'overloaded' | 'unavailable', message: string, clock: Clock): AppError {
  return new AppError(code, message, { retryAfterS: jittered(BUSY_RETRY_S, chance(clock)) });
}

function chance(clock: Clock): number {
  return (clock.randomBytes(1)[0] ?? 0) / 256;
}

/** The next look comes a while after the last has ended, longer where looking is dear. Returns what ends it. */
function lookAgainAndAgain(clock: Clock, look: () => Promise<unknown>): () => void {
  let ended = false;
  let cancel = (): void => undefined;
  const round = async (): Promise<void> => {
    const began = clock.monotonicMs();
    await look().catch(() => undefined);
    const tookMs = clock.monotonicMs() - began;
    if (!ended) cancel = clock.after(Math.max(LOOK_MS, 20 * tookMs), () => void round());
  };
  void round();
  return () => {
    ended = true;
    cancel();
  };
}
