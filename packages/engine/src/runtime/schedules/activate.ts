import { nextDue } from '../../domain/schedules/tick-schedule.ts';
import type { Timetable } from '../../domain/schedules/timetable.ts';
import type { ScheduleRecord } from '../../ports/index.ts';

/** The next instant from now on that was not seen to. */
export function nextOf({ takenAt }: ScheduleRecord, timetable: Timetable, now: number): number | null {
  return timetable.next(takenAt === null ? now : Math.max(now, takenAt));
}

/** An active schedule from its next instant on. */
export function activated(schedule: ScheduleRecord, nextAt: number | null, timetable: Timetable): ScheduleRecord {
  const next: ScheduleRecord = { ...schedule, state: nextAt === null ? 'ended' : 'active', nextAt };
  return { ...next, wakeAt: earlier(schedule.wakeAt, nextDue(next, timetable)) };
}

/** What waits keeps its time. */
function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
