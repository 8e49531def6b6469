import { WorkflowTestError } from './test-error.ts';

/** Milliseconds, or a text such as `250ms`, `30s`, `5m`, `2h`, `7d`. */
export type Duration = number | string;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** In milliseconds; null if it is no duration. */
export function readDuration(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : null;
  if (typeof value !== 'string') return null;
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(value.trim()) ?? [];
  return amount === undefined ? null : Number(amount) * (UNITS[unit] ?? 1);
}

/** Throws WorkflowTestError `bad_duration`. */
export function toMs(value: Duration): number {
  const ms = readDuration(value);
  if (ms !== null) return ms;
  throw new WorkflowTestError(
    'bad_duration',
    `${JSON.stringify(value)} is no duration: it is a number of milliseconds, or such as "250ms", "30s", "7d"`,
  );
}

/** A time span for people. */
export function sayMs(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = UNITS[unit] ?? 1;
    if (ms >= size) return `${Number((ms / size).toFixed(2))}${unit}`;
  }
  return `${Math.round(ms)}ms`;
}
