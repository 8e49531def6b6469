import type { GraphCache } from '../graph-cache.ts';
import type { EngineDeps } from '../deps.ts';
import type { ScheduleCommands } from './commands.ts';
import type { FiringDeps } from './fire.ts';
import { createBackfilling, createRunning } from './run-by-hand.ts';
import { createScheduler } from './scheduler.ts';
import type { Scheduler } from './scheduler.ts';
import { createPausing, createSetting } from './set-schedules.ts';

type SchedulingDeps = Pick<EngineDeps, 'schedules' | 'scheduleTurns' | 'workflows' | 'inputs' | 'clock' | 'log'> &
  Pick<FiringDeps, 'start'> & { graphs: GraphCache; steering: { cancelRun: FiringDeps['cancel'] } };

/** All that has to do with schedules. */
export function createScheduling(deps: SchedulingDeps): ScheduleCommands & { scheduler: Scheduler } {
  const { schedules, log } = deps;
  const scheduler = createScheduler({ ...deps, cancel: (request) => deps.steering.cancelRun(request) });
  /** What is not started here is started by the next turn. */
  async function look(): Promise<void> {
    await scheduler.round().catch((error: unknown) => log.warn({ err: error }, 'looking at the schedules failed'));
  }
  return {
    scheduler,
    ...createSetting(deps),
    ...createPausing(deps),
    ...createRunning({ schedules, look }),
    ...createBackfilling({ schedules, look }),
  };
}
