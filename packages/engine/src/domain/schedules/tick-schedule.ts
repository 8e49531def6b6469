/** One look at a schedule: which of its instants are due, what becomes of those that wait, and when to look again. */
import { judge } from './overlap.ts';
import { dueOf } from './instants.ts';
import { freshFire, REASONS } from './records.ts';
import type { FireReason, FireRecord, ScheduleRecord } from './records.ts';
import type { Timetable } from './timetable.ts';

/** What is seen of a schedule. `open`: its firings that wait, or whose run had not ended. */
export type ScheduleSight = {
  schedule: ScheduleRecord;
  open: readonly FireRecord[];
  /** How many firings by the clock have been started, where the schedule has a last one. */
  started: number;
  now: number;
};

/** What is written, and what is to be done after that. */
export type ScheduleTick = {
  schedule: ScheduleRecord;
  /** New ones, and those that have changed. */
  fires: FireRecord[];
  start: FireRecord[];
  cancel: string[];
  now: number;
  /** When it is looked at next once all of `start` are started; `wakeAt` of the schedule is for the case that nobody does that. */
  wakeAfter: number | null;
};

/** So many instants are seen to in one look; what is left has its turn in the next. */
const MOST_INSTANTS = 100;
/** Who has to start something has so long for it, before another one tries. */
const START_LEASE_MS = 10_000;
/** How soon what waits is looked at again, and how late at most. */
const SOONEST_MS = 1000;
const LATEST_MS = 10_000;

export function tickSchedule(sight: ScheduleSight, timetable: Timetable): ScheduleTick {
  const closed = sight.open.filter(({ isClosed }) => isClosed);
  const running = sight.open.filter(({ outcome, isClosed }) => outcome === 'started' && !isClosed);
  const earlier = sight.open.filter(({ outcome }) => outcome === 'waiting');
  const counted = pauseAfterFailures(countFailures(sight.schedule, closed));
  const { schedule, due, missed, isFull } = takeInstants(counted, { ...sight, earlier }, timetable);
  const all = [...earlier, ...due].toSorted((a, b) => a.instant - b.instant);
  const isPaused = schedule.state === 'paused';
  const waiting = isPaused ? all.filter(({ kind }) => kind !== 'schedule') : all;
  const dropped = isPaused ? all.filter(({ kind }) => kind === 'schedule') : [];
  const { overlap: policy } = schedule.definition;
  const { verdicts, cancel } = judge({ waiting, running, policy, now: sight.now });
  const judged = Array.from(verdicts, ([fire, verdict]) => ({ fire, verdict }));
  const settled = judged.map(({ fire, verdict }) =>
    verdict.kind === 'start'
      ? fire
      : verdict.kind === 'wait'
        ? { ...fire, reason: verdict.reason }
        : ended(fire, verdict.kind === 'skip' ? 'skipped' : 'missed', verdict.reason),
  );
  const start = judged.flatMap(({ fire, verdict }) => (verdict.kind === 'start' ? [fire] : []));
  const left = settled.filter(({ outcome }) => outcome === 'waiting');
  const starting = new Set(start);
  const others = left.filter((fire) => !starting.has(fire));
  // Whether there will be more runs shows when it is known what became of these.
  const next = isFull ? sight.now + SOONEST_MS : nextDue(schedule, timetable);
  const wakeAfter = soonest([next, ...others.map((fire) => sight.now + patience(fire, sight.now))]);
  const wakeAt = start.length > 0 ? soonest([next, sight.now + START_LEASE_MS]) : wakeAfter;
  const skipped = dropped.map((fire) => ended(fire, 'skipped', REASONS.paused));
  const fires = [...closed, ...settled, ...skipped, ...missed];
  return { schedule: { ...schedule, wakeAt }, fires, start, cancel, now: sight.now, wakeAfter };
}

/** A schedule whose instants cannot be told, so that it is looked at no more. */
export function pausedBy({ schedule, now }: ScheduleSight, note: string): ScheduleTick {
  const paused: ScheduleRecord = { ...schedule, state: 'paused', note, nextAt: null, wakeAt: null };
  return { schedule: paused, fires: [], start: [], cancel: [], now, wakeAfter: null };
}

/** When the next instant is due; null where there is none. */
export function nextDue(schedule: ScheduleRecord, timetable: Timetable): number | null {
  const { id, nextAt, definition } = schedule;
  if (nextAt === null) return null;
  return dueOf(timetable, { id, jitterMs: definition.spec.jitterMs ?? 0 }, nextAt);
}

export function ended(fire: FireRecord, outcome: 'skipped' | 'missed' | 'failed', reason: FireReason): FireRecord {
  return { ...fire, outcome, reason, isClosed: true };
}

/** Cancelled runs are none of either. */
function countFailures(schedule: ScheduleRecord, closed: readonly FireRecord[]): ScheduleRecord {
  let { failures } = schedule;
  for (const { runStatus } of closed.toSorted((a, b) => a.instant - b.instant)) {
    if (runStatus === 'failed') failures += 1;
    if (runStatus === 'succeeded') failures = 0;
  }
  return { ...schedule, failures };
}

/** Paused where too many firings in a row have failed. */
export function pauseAfterFailures(schedule: ScheduleRecord): ScheduleRecord {
  const { failures, definition, state } = schedule;
  const most = definition.pauseAfterFailures;
  if (most === null || failures < most || state !== 'active') return schedule;
  return { ...schedule, state: 'paused', note: `paused after ${failures} failures in a row`, nextAt: null };
}

type Taken = { schedule: ScheduleRecord; due: FireRecord[]; missed: FireRecord[]; isFull: boolean };
type Taking = Pick<ScheduleSight, 'now' | 'started'> & { earlier: readonly FireRecord[] };

/** Moves on over the instants that are due. An instant is taken once, since the next is always after it. */
function takeInstants(schedule: ScheduleRecord, { now, started, earlier }: Taking, timetable: Timetable): Taken {
  const { catchUpMs, spec } = schedule.definition;
  const most = spec.maxRuns ?? Number.POSITIVE_INFINITY;
  if (schedule.state === 'active' && started >= most)
    return { schedule: { ...schedule, state: 'ended', nextAt: null }, due: [], missed: [], isFull: false };
  let room = most - started - earlier.filter(({ kind }) => kind === 'schedule').length;
  let at = schedule;
  const due: FireRecord[] = [];
  let missed = null as FireRecord['missed'];
  let last = 0;
  for (let n = 0; n < MOST_INSTANTS && at.nextAt !== null && room > 0; n += 1) {
    const dueAt = nextDue(at, timetable) ?? 0;
    if (dueAt > now) break;
    const instant = at.nextAt;
    const isKnown = earlier.some((fire) => fire.instant === instant);
    if (isKnown) {
      // It waits already, for a backfill.
    } else if (now - dueAt <= catchUpMs) {
      due.push(freshFire({ instant, kind: 'schedule', deadline: dueAt + catchUpMs }));
      room -= 1;
    } else {
      missed = { count: (missed?.count ?? 0) + 1, from: missed?.from ?? instant };
      last = instant;
    }
    at = { ...at, takenAt: instant, nextAt: timetable.next(instant) };
  }
  const isOver = at.nextAt === null && at.state === 'active';
  const row = missed && ended(freshFire({ instant: last, kind: 'schedule', missed }), 'missed', REASONS.late);
  return { schedule: isOver ? { ...at, state: 'ended' } : at, due, missed: row ? [row] : [], isFull: room <= 0 };
}

/** Of instants, where there are any. */
export function soonest(instants: readonly (number | null)[]): number | null {
  const known = instants.filter((instant) => instant !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** What has waited long is looked at more rarely. */
function patience({ instant, notBefore }: FireRecord, now: number): number {
  if (notBefore !== null && notBefore > now) return notBefore - now;
  return Math.ceil(Math.min(LATEST_MS, Math.max(SOONEST_MS, (now - instant) / 10)));
}
