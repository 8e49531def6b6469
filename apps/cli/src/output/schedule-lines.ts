import type { Schedule, ScheduleFire, ScheduleSpec } from '@weft/contract';

import { formatAge } from './duration.ts';
import { plainText } from './plain-text.ts';

export const SCHEDULE_HEADER = ['NAME', 'STATE', 'WHEN', 'WORKFLOW', 'NEXT', 'LAST', 'RUNNING', 'WAITING'];
export const FIRE_HEADER = ['INSTANT', 'KIND', 'OUTCOME', 'RUN', 'STATUS', 'REASON'];

export function scheduleRow(schedule: Schedule): string[] {
  const { name, state, spec, nextAt, lastFire, running, waiting } = schedule;
  const last = lastFire === null ? '-' : `${lastFire.outcome} ${lastFire.scheduledFor}`;
  return [name, state, whenText(spec), workflowText(schedule), nextAt ?? '-', last, String(running), String(waiting)];
}

/** One field a line. */
export function scheduleLines(schedule: Schedule): string[] {
  const { spec, overlap, catchUpMs, pauseAfterFailures, state, note, nextAt, lastFire, failures } = schedule;
  const rows: [string, string | undefined][] = [
    ['name', schedule.name],
    ['description', schedule.description],
    ['when', whenText(spec)],
    ['start', spec.startAt],
    ['end', spec.endAt],
    ['jitter', spec.jitterMs === undefined ? undefined : formatAge(spec.jitterMs)],
    ['max runs', spec.maxRuns?.toString()],
    ['workflow', workflowText(schedule)],
    ['input', JSON.stringify(schedule.input)],
    ['config', schedule.config && JSON.stringify(schedule.config)],
    ['tags', schedule.tags.join(', ') || undefined],
    ['priority', schedule.priority],
    ['overlap', overlap],
    ['catch-up', formatAge(catchUpMs)],
    ['pauses', pauseAfterFailures === undefined ? undefined : `after ${pauseAfterFailures} failures in a row`],
    ['state', note === null ? state : `${state}: ${note}`],
    ['failures', String(failures)],
    ['next', nextAt ?? '-'],
    ['last', lastFire === null ? '-' : fireRow(lastFire).join(' ').trimEnd()],
    ['running', String(schedule.running)],
    ['waiting', String(schedule.waiting)],
    ['created', schedule.createdAt],
    ['updated', schedule.updatedAt],
  ];
  return rows.flatMap(([label, text]) => (text === undefined ? [] : [`${label.padEnd(12)} ${plainText(text)}`]));
}

export function fireRow({ scheduledFor, kind, outcome, runId, runStatus, reason, missed }: ScheduleFire): string[] {
  const count = missed === undefined ? outcome : `${outcome} ${missed.count} since ${missed.from}`;
  return [scheduledFor, kind, count, runId ?? '-', runStatus ?? '-', reason?.message ?? ''];
}

function whenText({ cron, timeZone, everyMs, offsetMs, at }: ScheduleSpec): string {
  if (cron !== undefined) return timeZone === undefined ? cron : `${cron} ${timeZone}`;
  if (everyMs !== undefined) return `every ${formatAge(everyMs)}${offsetMs ? ` + ${formatAge(offsetMs)}` : ''}`;
  return `once ${at ?? ''}`;
}

function workflowText({ workflow }: Schedule): string {
  return typeof workflow === 'string' ? workflow : `${workflow.name}@${workflow.version}`;
}
