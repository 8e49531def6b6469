/**
 * Time zones: which wall-clock time an instant is, and which instant a wall-clock time. Wall-clock times are told as epoch ms
 * of the same date and hour in UTC.
 */

export type TimeZone = {
  localOf(instantMs: number): number;
  /** The first instant of that time; of one that a clock change leaves out, the instant of the change. */
  instantOf(localMs: number): number;
};

const DAY_MS = 24 * 3_600_000;

/** Null for a name that nobody knows. */
export function openTimeZone(name: string): TimeZone | null {
  if (name === 'UTC') return UTC;
  const format = formatOf(name);
  if (format === null) return null;
  const localOf = (instantMs: number): number => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(instantMs)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) + modulo(instantMs, 1000);
  };
  return { localOf, instantOf: (localMs) => instantOf(localOf, localMs) };
}

const UTC: TimeZone = { localOf: (instant) => instant, instantOf: (local) => local };

function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  const digits = { month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      ...digits,
    });
  } catch {
    return null;
  }
}

/** No zone changes its clock twice within two days, or by more than one. */
function instantOf(localOf: TimeZone['localOf'], localMs: number): number {
  const offsetAt = (instantMs: number) => localOf(instantMs) - instantMs;
  const before = localMs - offsetAt(localMs - DAY_MS);
  const after = localMs - offsetAt(localMs + DAY_MS);
  const exact = [before, after].filter((instant) => localOf(instant) === localMs);
  if (exact.length > 0) return Math.min(...exact);
  let [low, high] = [after, before];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (localOf(middle) < localMs) low = middle;
    else high = middle;
  }
  return high;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
