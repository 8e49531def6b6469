/** What an endpoint has shown so far: how fast it answers, and how often well. */

export type RecordRules = {
  /** How much the newest answer weighs in what is smoothed. */
  alpha: number;
  /** How much of what was an hour ago still counts. */
  keptPerHour: number;
};

export const RECORD_RULES: RecordRules = { alpha: 0.3, keptPerHour: 0.95 };

const HOUR_MS = 3_600_000;

/** `succeeded` and `failed` fade, and are those of the instant `at`; `asked`: tokens that a call asks for, smoothed. */
export type TrackRecord = {
  latencyMs: number | null;
  asked: number | null;
  succeeded: number;
  failed: number;
  at: number;
};

export const NO_RECORD: TrackRecord = { latencyMs: null, asked: null, succeeded: 0, failed: 0, at: 0 };

export function smoothed(before: number | null, now: number, { alpha }: RecordRules): number {
  return before === null ? now : before + alpha * (now - before);
}

/** With the counts as they have faded since. */
export function recordAt(record: TrackRecord, now: number, { keptPerHour }: RecordRules): TrackRecord {
  const kept = keptPerHour ** (Math.max(0, now - record.at) / HOUR_MS);
  return { ...record, succeeded: record.succeeded * kept, failed: record.failed * kept, at: Math.max(record.at, now) };
}

/** How fast it fails says nothing of how fast it answers. Of a record as it is now. */
export function recordCall(
  record: TrackRecord,
  { verdict, latencyMs }: { verdict: 'succeeded' | 'failed'; latencyMs: number },
  rules: RecordRules,
): TrackRecord {
  if (verdict === 'failed') return { ...record, failed: record.failed + 1 };
  return { ...record, succeeded: record.succeeded + 1, latencyMs: smoothed(record.latencyMs, latencyMs, rules) };
}
