/** Crons, read by `croner`; nothing else knows of it. They are reckoned by a calendar without time zones: local wall-clock time. */
import { Cron } from 'croner';

/** Wall-clock times are told as epoch ms of the same date and hour in UTC. */
export type CronCalendar = {
  /** The next time after this one; null if there is none. */
  nextLocal(afterLocalMs: number): number | null;
};

/** The calendar of a cron, or what is wrong with it, naming the field. */
export function parseCron(text: string): CronCalendar | { problem: string } {
  const cron = read(text);
  if (typeof cron === 'string') return { problem: problemOf(text, cron) };
  return { nextLocal: (after) => cron.nextRun(new Date(after))?.getTime() ?? null };
}

const FIELDS = ['minute', 'hour', 'day of month', 'month', 'day of week'] as const;
/** Of the words that begin with `@`; `@reboot` is about a machine, and no time. */
const NICKNAMES = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/i;

function read(text: string): Cron | string {
  const count = partsOf(text).length;
  const isNickname = NICKNAMES.test(text.trim());
  if (!isNickname && (count < 5 || count > 7))
    return `a cron has five fields (minute, hour, day of month, month, day of week), six (seconds first) or seven (years last); here are ${count}`;
  try {
    return new Cron(text.trim(), { paused: true, timezone: 'UTC' });
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
  }
}

/** Which field it is shows when each stands alone. */
function problemOf(text: string, message: string): string {
  const parts = partsOf(text);
  const names = namesOf(parts.length);
  const at = parts.findIndex((part, index) => {
    const alone = parts.map((_, other) => (other === index ? part : '*')).join(' ');
    return typeof read(alone) === 'string';
  });
  const name = names[at];
  return name === undefined ? message : `the field ${name} cannot be ${JSON.stringify(parts[at])}`;
}

function namesOf(count: number): readonly string[] {
  if (count < 5 || count > 7) return [];
  return [...(count > 5 ? ['second'] : []), ...FIELDS, ...(count === 7 ? ['year'] : [])];
}

function partsOf(text: string): string[] {
  return text.trim().split(/\s+/);
}
