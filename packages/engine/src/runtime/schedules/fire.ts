/** Starting what a look at the schedules has found, and telling what became of it. */
import { AppError } from '@weft/contract';

import { soonest } from '../../domain/schedules/tick-schedule.ts';
import type { FireRecord, FireReport, ScheduleRecord, ScheduleTick } from '../../ports/index.ts';
import type { EngineDeps } from '../deps.ts';
import type { StartRequest, StartResult, SteerRequest } from '../engine.ts';
import type { RunToStart } from '../start-runs.ts';
import { runOf } from './run-of.ts';

export type FiringDeps = Pick<EngineDeps, 'schedules' | 'workflows' | 'log'> & {
  admit(request: StartRequest): Promise<void>;
  start(run: RunToStart): Promise<StartResult | AppError>;
  cancel(request: SteerRequest & { reason: string }): Promise<void>;
};

export type Firing = { carryOut(ticks: readonly ScheduleTick[]): Promise<void> };

/** How soon what could not be started for the time being is tried again, where nobody says when. */
const RETRY_MS = 2000;

export function createFiring(deps: FiringDeps): Firing {
  async function cancelRun(schedule: ScheduleRecord, runId: string): Promise<void> {
    const { tenant, name } = schedule;
    try {
      await deps.cancel({ tenant, runId, reason: `the schedule ${name} has fired again` });
    } catch (error) {
      const isOver = error instanceof AppError && (error.code === 'conflict' || error.code === 'not_found');
      if (!isOver) deps.log.warn({ err: error, runId, schedule: name }, 'a run could not be cancelled for the next');
    }
  }

  async function startFire(schedule: ScheduleRecord, fire: FireRecord): Promise<AppError | null> {
    try {
      const run = await runOf(deps, schedule, fire);
      await deps.admit(run);
      const result = await deps.start(run);
      return result instanceof AppError ? result : null;
    } catch (error) {
      return error instanceof AppError ? error : new AppError('internal', undefined, { cause: error });
    }
  }

  async function carryOutOne(tick: ScheduleTick): Promise<FireReport[]> {
    const { schedule, start, cancel } = tick;
    await Promise.all(cancel.map((runId) => cancelRun(schedule, runId)));
    const errors = await Promise.all(start.map((fire) => startFire(schedule, fire)));
    return start.flatMap((fire, index) => {
      const error = errors[index];
      if (!error) return [];
      deps.log.warn(
        { err: error, schedule: schedule.name, tenant: schedule.tenant },
        'a schedule could not start its run',
      );
      return [reportOf(tick, fire, error)];
    });
  }

  return {
    async carryOut(ticks) {
      const busy = ticks.filter(({ start, cancel }) => start.length + cancel.length > 0);
      const reports = await Promise.all(busy.map(carryOutOne));
      const wakes = busy.map(({ schedule, wakeAfter }, index) => ({
        scheduleId: schedule.id,
        ifWakeAt: schedule.wakeAt,
        wakeAt: soonest([wakeAfter, ...(reports[index] ?? []).map(({ retryAt }) => retryAt)]),
      }));
      if (busy.length > 0) await deps.schedules.report(reports.flat(), wakes);
    },
  };
}

const FOR_NOW: ReadonlySet<string> = new Set(['lane_full', 'too_many_requests', 'overloaded', 'unavailable']);

/** What is refused for the time being is tried again, until it is too late for it. */
function reportOf({ schedule, now }: ScheduleTick, fire: FireRecord, error: AppError): FireReport {
  const [first] = error.errors;
  const message = first ? `${error.message}: ${first.pointer} ${first.message}` : error.message;
  const waitedForOthers = fire.reason?.code === 'overlap' && fire.deadline !== null;
  return {
    scheduleId: schedule.id,
    instant: fire.instant,
    reason: { code: error.code, message },
    retryAt: FOR_NOW.has(error.code) ? now + (error.retryAfterS === null ? RETRY_MS : error.retryAfterS * 1000) : null,
    deadline: waitedForOthers ? now + schedule.definition.catchUpMs : fire.deadline,
  };
}
