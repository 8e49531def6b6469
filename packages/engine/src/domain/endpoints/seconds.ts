/** Counts by the second, of which those of the last minute matter. */

export const SECOND_MS = 1000;

/** By the second since the epoch, as text. */
export type Seconds = Readonly<Record<string, number>>;

/** Whether something of that second may lie within the window. */
function isRecent(second: number, now: number, windowMs: number): boolean {
  return (second + 1) * SECOND_MS > now - windowMs;
}

/** How much was counted in the window. What lies at its very beginning counts as long as any of its second does. */
export function recent(seconds: Seconds, now: number, windowMs: number): number {
  let sum = 0;
  for (const [at, count] of Object.entries(seconds)) if (isRecent(Number(at), now, windowMs)) sum += count;
  return sum;
}

/** Counts so much more (or, if it is below 0, less) in that second, and forgets what is out of the window. */
export function counted(
  seconds: Seconds,
  { second, more, now, windowMs }: { second: number; more: number; now: number; windowMs: number },
): Seconds {
  const kept: Record<string, number> = {};
  for (const [at, count] of Object.entries(seconds)) if (isRecent(Number(at), now, windowMs)) kept[at] = count;
  if (!isRecent(second, now, windowMs)) return kept;
  const sum = (kept[second] ?? 0) + more;
  if (sum > 0) kept[second] = sum;
  else delete kept[second];
  return kept;
}

/** How long until so much (of at most `limit`) has room in the window, ms; 0: it has. */
export function waitFor(
  seconds: Seconds,
  { need, limit, now, windowMs }: { need: number; limit: number; now: number; windowMs: number },
): number {
  let excess = recent(seconds, now, windowMs) + need - limit;
  if (excess <= 0) return 0;
  const ats = Object.keys(seconds)
    .map(Number)
    .filter((at) => isRecent(at, now, windowMs))
    .toSorted((a, b) => a - b);
  for (const at of ats) {
    excess -= seconds[at] ?? 0;
    if (excess <= 0) return (at + 1) * SECOND_MS + windowMs - now;
  }
  return windowMs;
}
