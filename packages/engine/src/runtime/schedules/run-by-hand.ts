/** Running schedules out of turn: now, and for instants that have passed. */
import { AppError, MAX_BACKFILL } from '@weft/contract';
import type { OverlapPolicy } from '@weft/contract';

import { instantsBetween } from '../../domain/schedules/instants.ts';
import { MOST_WAITING } from '../../domain/schedules/overlap.ts';
import { freshFire } from '../../domain/schedules/records.ts';
import { timetableOf } from '../../domain/schedules/timetable.ts';
import type { ScheduleRecord, ShownFire } from '../../ports/index.ts';
import { StoreError } from '../../ports/index.ts';
import type { EngineDeps } from '../deps.ts';
import { changeSchedule, notThere } from './change-schedule.ts';
import type { ScheduleCommands } from './commands.ts';

type HandDeps = Pick<EngineDeps, 'schedules'> & {
  /** Has what was added started at once, as far as that goes. */
  look: () => Promise<void>;
};

/** Instants by hand that fall into one millisecond are put one after the other. */
const TRIES = 20;

export function createRunning(deps: HandDeps): Pick<ScheduleCommands, 'runSchedule'> {
  const { schedules, look } = deps;

  async function requested(tenant: string, name: string, key: string | null, overlap: OverlapPolicy) {
    const fire = key === null ? null : await schedules.requested(tenant, name, key);
    if (fire && fire.overlap !== overlap) throw new AppError('idempotency_conflict');
    return fire;
  }

  async function addManual(tenant: string, name: string, overlap: OverlapPolicy, key: string | null): Promise<number> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { result, added } = await changeSchedule(deps, { tenant, name }, ({ schedule, now }) => {
        const fire = freshFire({ instant: now + tries, kind: 'manual', overlap });
        return {
          schedule: { ...schedule, wakeAt: now },
          add: [fire],
          ...(key !== null && { requestKey: key }),
          result: fire,
        };
      });
      if (added > 0) return result.instant;
    }
    throw new AppError('unavailable', 'too many runs of this schedule are asked for at once');
  }

  async function fireAt(tenant: string, name: string, instant: number): Promise<ShownFire> {
    const fires = await schedules.fires({ tenant, name, limit: 1, before: instant + 1, outcome: null });
    return fires?.[0] ?? notThere(name);
  }

  return {
    async runSchedule(tenant, name, { overlap, requestKey }) {
      const before = await requested(tenant, name, requestKey, overlap);
      if (before) return before;
      try {
        const instant = await addManual(tenant, name, overlap, requestKey);
        await look();
        return await fireAt(tenant, name, instant);
      } catch (error) {
        // The same request at the same time was first.
        const other = error instanceof StoreError ? await requested(tenant, name, requestKey, overlap) : null;
        if (other) return other;
        throw error;
      }
    },
  };
}

export function createBackfilling(deps: HandDeps): Pick<ScheduleCommands, 'backfillSchedule'> {
  return {
    async backfillSchedule(tenant, name, { from, to, overlap = 'bufferAll' }) {
      const range = { from: Date.parse(from), to: Date.parse(to) };
      const { result, added } = await changeSchedule(deps, { tenant, name }, ({ schedule, now, waiting }) => {
        const instants = backfilled(schedule, range, now);
        if (waiting + instants.length > MOST_WAITING)
          throw new AppError('conflict', `${waiting} firings wait already, and at most ${MOST_WAITING} may`);
        const add = instants.map((instant) => freshFire({ instant, kind: 'backfill', overlap }));
        return { schedule: add.length === 0 ? schedule : { ...schedule, wakeAt: now }, add, result: instants.length };
      });
      if (added > 0) void deps.look();
      return { added, started: result - added };
    },
  };
}

/** Throws AppError `invalid_request`. */
function backfilled({ definition }: ScheduleRecord, { from, to }: { from: number; to: number }, now: number): number[] {
  if (from > to) throw badRange('/to', 'it is before `from`');
  if (to > now) throw badRange('/to', 'it lies in the future; a backfill is about instants that have passed');
  const instants = instantsBetween(timetableOf(definition.spec), { from, to, most: MAX_BACKFILL });
  if (instants === null) throw badRange('/to', `more than ${MAX_BACKFILL} instants lie in the range`);
  return instants;
}

function badRange(pointer: string, message: string): AppError {
  return new AppError('invalid_request', message, { errors: [{ code: 'invalid_value', pointer, message }] });
}
