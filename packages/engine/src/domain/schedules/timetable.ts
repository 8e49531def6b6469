/** The instants of a schedule, one after the other. */
import type { ScheduleSpec } from '@weft/contract';

import { parseCron } from './cron.ts';
import type { CronCalendar } from './cron.ts';
import { openTimeZone } from './time-zone.ts';
import type { TimeZone } from './time-zone.ts';

export type Timetable = {
  /** The next instant after this one, epoch ms; null if there is none. */
  next(afterMs: number): number | null;
  /** The instant by the clock of the schedule's time zone, as ISO 8601 without offset. */
  local(instantMs: number): string;
};

/** What is wrong with a spec; `pointer` begins at the spec. */
export type SpecProblem = { code: 'bad_schedule' | 'never_fires'; pointer: string; message: string };

type Next = Timetable['next'];

/** The timetable of a spec, or the first thing that is wrong with it. */
export function openTimetable(spec: ScheduleSpec): Timetable | { problem: SpecProblem } {
  const problem = misplaced(spec);
  if (problem) return { problem };
  const zone = openTimeZone(spec.timeZone ?? 'UTC');
  if (zone === null) return bad('/timeZone', `there is no time zone ${JSON.stringify(spec.timeZone)}`);
  const next = nextOf(spec, zone);
  if (typeof next !== 'function') return next;
  return {
    next: (afterMs) => within(spec, next, afterMs),
    local: (instantMs) => new Date(zone.localOf(instantMs)).toISOString().slice(0, -1),
  };
}

/** The timetable of a spec that was checked when it was saved. */
export function timetableOf(spec: ScheduleSpec): Timetable {
  const timetable = openTimetable(spec);
  if ('problem' in timetable) throw new Error(`a stored schedule is not valid: ${timetable.problem.message}`);
  return timetable;
}

function misplaced(spec: ScheduleSpec): SpecProblem | null {
  const kinds = (['cron', 'everyMs', 'at'] as const).filter((kind) => spec[kind] !== undefined);
  if (kinds.length !== 1) {
    const message = `a schedule has exactly one of cron, everyMs and at; here ${kinds.length === 0 ? 'is none' : `are ${kinds.join(' and ')}`}`;
    return bad(kinds[1] === undefined ? '' : `/${kinds[1]}`, message).problem;
  }
  if (spec.timeZone !== undefined && spec.cron === undefined)
    return bad('/timeZone', 'only a cron has a time zone').problem;
  if (spec.offsetMs !== undefined && spec.everyMs === undefined)
    return bad('/offsetMs', 'only what fires every so many ms has an offset').problem;
  if (spec.startAt !== undefined && spec.endAt !== undefined && Date.parse(spec.startAt) > Date.parse(spec.endAt))
    return bad('/endAt', 'it is before startAt').problem;
  return null;
}

function nextOf(spec: ScheduleSpec, zone: TimeZone): Next | { problem: SpecProblem } {
  const { cron, everyMs, at, offsetMs = 0 } = spec;
  if (everyMs !== undefined) return (after) => offsetMs + (Math.floor((after - offsetMs) / everyMs) + 1) * everyMs;
  if (at !== undefined) {
    const instant = Date.parse(at);
    return (after) => (instant > after ? instant : null);
  }
  const calendar = parseCron(cron ?? '');
  if ('problem' in calendar) return bad('/cron', calendar.problem);
  return (after) => nextOfCron(calendar, zone, after);
}

/** Times that a clock change brings twice are taken the first time only. */
function nextOfCron(calendar: CronCalendar, zone: TimeZone, afterMs: number): number | null {
  let local = calendar.nextLocal(zone.localOf(afterMs));
  while (local !== null) {
    const instant = zone.instantOf(local);
    if (instant > afterMs) return instant;
    local = calendar.nextLocal(local);
  }
  return null;
}

function within({ startAt, endAt }: ScheduleSpec, next: Next, afterMs: number): number | null {
  const from = startAt === undefined ? afterMs : Math.max(afterMs, Date.parse(startAt) - 1);
  const instant = next(from);
  return instant === null || (endAt !== undefined && instant > Date.parse(endAt)) ? null : instant;
}

function bad(pointer: string, message: string): { problem: SpecProblem } {
  return { problem: { code: 'bad_schedule', pointer, message } };
}
