/** Setting, stopping and running schedules. */
import { AppError, MAX_BACKFILL } from '@weft/contract';
import type { Backfilled, BackfillSchedule, NewSchedule, OverlapPolicy, ReplaceSchedule } from '@weft/contract';

import { makeUuidV7 } from '../../domain/ids.ts';
import { instantsBetween } from '../../domain/schedules/instants.ts';
import { MOST_WAITING } from '../../domain/schedules/overlap.ts';
import { freshFire } from '../../domain/schedules/records.ts';
import { nextDue } from '../../domain/schedules/tick-schedule.ts';
import { timetableOf } from '../../domain/schedules/timetable.ts';
import type { Timetable } from '../../domain/schedules/timetable.ts';
import type { ScheduleChange, ScheduleChanging, ScheduleRecord, ShownFire } from '../../ports/index.ts';
import { StoreError } from '../../ports/index.ts';
import type { EngineDeps } from '../deps.ts';
import type { GraphCache } from '../graph-cache.ts';
import { checkDefinition, definitionOf } from './define.ts';
import type { Scheduler } from './scheduler.ts';

/** All throw AppError `not_found` where there is no such schedule. */
export type ScheduleCommands = {
  /** Throws `conflict` where the name is taken, `limit_schedules` where the tenant has too many, `invalid_request`, `invalid_input`. */
  createSchedule(tenant: string, schedule: NewSchedule, by: { key: string | null; most: number }): Promise<void>;
  /** Throws as `createSchedule`. What waits goes on. */
  replaceSchedule(tenant: string, name: string, schedule: ReplaceSchedule, by: { key: string | null }): Promise<void>;
  removeSchedule(tenant: string, name: string): Promise<void>;
  /** Throws `conflict` where it has ended. */
  pauseSchedule(tenant: string, name: string, note: string | null): Promise<void>;
  /** It goes on with the next instant from now. Throws `conflict` where there is none. */
  resumeSchedule(tenant: string, name: string, note: string | null): Promise<void>;
  /** Starts a run now. The same request key again gives the firing of the first time. */
  runSchedule(
    tenant: string,
    name: string,
    request: { overlap: OverlapPolicy; requestKey: string | null },
  ): Promise<ShownFire>;
  /** Throws `invalid_request` for a range with too many instants, `conflict` where too many wait already. */
  backfillSchedule(tenant: string, name: string, request: BackfillSchedule): Promise<Backfilled>;
};

type CommandDeps = Pick<EngineDeps, 'schedules' | 'workflows' | 'inputs' | 'clock' | 'log'> & {
  graphs: GraphCache;
  scheduler: Pick<Scheduler, 'round'>;
};

/** Instants by hand that fall into one millisecond are put one after the other. */
const TRIES = 20;

export function createScheduleCommands(deps: CommandDeps): ScheduleCommands {
  const { schedules, scheduler, clock, log } = deps;

  async function change<T>(tenant: string, name: string, decide: (seen: ScheduleChanging) => ScheduleChange<T>) {
    return (await schedules.change(tenant, name, decide)) ?? notThere(name);
  }

  /** What was added is started at once; if not here, then by the next turn. */
  async function look(): Promise<void> {
    await scheduler.round().catch((error: unknown) => log.warn({ err: error }, 'looking at the schedules failed'));
  }

  async function requested(tenant: string, name: string, key: string | null, overlap: OverlapPolicy) {
    const fire = key === null ? null : await schedules.requested(tenant, name, key);
    if (fire && fire.overlap !== overlap) throw new AppError('idempotency_conflict');
    return fire;
  }

  async function addManual(tenant: string, name: string, overlap: OverlapPolicy, key: string | null): Promise<number> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { result, added } = await change(tenant, name, ({ schedule, now }) => {
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
    async createSchedule(tenant, { name, paused = false, note, ...body }, { key, most }) {
      const definition = definitionOf(body, key);
      const now = await schedules.now();
      const { timetable, first } = await checkDefinition(deps, { tenant, name, now }, definition);
      const id = makeUuidV7(clock.now(), clock.randomBytes(10));
      const times = { nextAt: null, wakeAt: null, takenAt: null, createdAt: now, updatedAt: now };
      const bare: ScheduleRecord = {
        id,
        tenant,
        name,
        definition,
        state: 'paused',
        note: note ?? null,
        failures: 0,
        ...times,
      };
      const outcome = await schedules.create(paused ? bare : activated(bare, first, timetable), most);
      if (outcome === 'taken') throw new AppError('conflict', `there is a schedule ${JSON.stringify(name)} already`);
      if (outcome === 'full') throw new AppError('limit_schedules', `a tenant has at most ${most} schedules`);
    },
    async replaceSchedule(tenant, name, body, { key }) {
      const definition = definitionOf(body, key);
      const now = await schedules.now();
      const { timetable } = await checkDefinition(deps, { tenant, name, now }, definition);
      await change(tenant, name, ({ schedule, now: at }) => {
        const changed = { ...schedule, definition, failures: 0 };
        if (schedule.state === 'paused') return { schedule: changed, add: [], result: null };
        return { schedule: activated(changed, nextOf(changed, timetable, at), timetable), add: [], result: null };
      });
    },
    async removeSchedule(tenant, name) {
      if (!(await schedules.remove(tenant, name))) notThere(name);
    },
    async pauseSchedule(tenant, name, note) {
      await change(tenant, name, ({ schedule, now }) => {
        if (schedule.state === 'ended') throw new AppError('conflict', 'the schedule has ended');
        // Looked at once more, for what waits.
        return { schedule: { ...schedule, state: 'paused', note, nextAt: null, wakeAt: now }, add: [], result: null };
      });
    },
    async resumeSchedule(tenant, name, note) {
      await change(tenant, name, ({ schedule, now }) => {
        if (schedule.state === 'active') return { schedule: { ...schedule, note }, add: [], result: null };
        const timetable = timetableOf(schedule.definition.spec);
        const next = schedule.state === 'ended' ? null : nextOf(schedule, timetable, now);
        if (next === null) throw new AppError('conflict', 'the schedule has no instant to come');
        return { schedule: activated({ ...schedule, note, failures: 0 }, next, timetable), add: [], result: null };
      });
    },
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
    async backfillSchedule(tenant, name, { from, to, overlap = 'bufferAll' }) {
      const range = { from: Date.parse(from), to: Date.parse(to) };
      const { result, added } = await change(tenant, name, ({ schedule, now, waiting }) => {
        const instants = backfilled(schedule, range, now);
        if (waiting + instants.length > MOST_WAITING)
          throw new AppError('conflict', `${waiting} firings wait already, and at most ${MOST_WAITING} may`);
        const add = instants.map((instant) => freshFire({ instant, kind: 'backfill', overlap }));
        return { schedule: add.length === 0 ? schedule : { ...schedule, wakeAt: now }, add, result: instants.length };
      });
      if (added > 0) void look();
      return { added, started: result - added };
    },
  };
}

/** The next instant from now on that was not seen to. */
function nextOf({ takenAt }: ScheduleRecord, timetable: Timetable, now: number): number | null {
  return timetable.next(takenAt === null ? now : Math.max(now, takenAt));
}

/** An active schedule from its next instant on. */
function activated(schedule: ScheduleRecord, nextAt: number | null, timetable: Timetable): ScheduleRecord {
  const next: ScheduleRecord = { ...schedule, state: nextAt === null ? 'ended' : 'active', nextAt };
  return { ...next, wakeAt: earlier(schedule.wakeAt, nextDue(next, timetable)) };
}

/** What waits keeps its time. */
function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
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

function notThere(name: string): never {
  throw new AppError('not_found', `there is no schedule ${JSON.stringify(name)}`);
}
