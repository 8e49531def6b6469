import type { ScheduleSpec } from '@weft/contract';

import { duration } from '../../parts/words.ts';

/** When a schedule fires, in a line. */
export function scheduleWords(spec: ScheduleSpec): string {
  const { cron, timeZone, everyMs, offsetMs, at, startAt, endAt, maxRuns, jitterMs } = spec;
  return [
    cron !== undefined && `${cron} ${timeZone ?? 'UTC'}`,
    everyMs !== undefined && `every ${duration(everyMs)}`,
    offsetMs !== undefined && `${duration(offsetMs)} after the full`,
    at !== undefined && `once, ${clockOf(at)}`,
    startAt !== undefined && `from ${clockOf(startAt)}`,
    endAt !== undefined && `until ${clockOf(endAt)}`,
    maxRuns !== undefined && `at most ${maxRuns} runs`,
    jitterMs !== undefined && `put off by up to ${duration(jitterMs)}`,
  ]
    .filter((part) => part !== false)
    .join(', ');
}

function clockOf(at: string): string {
  return new Date(at).toLocaleString();
}
