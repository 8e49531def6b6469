/** Which lanes have too much waiting for a tenant, and when it is worth asking again. */
import type { LaneRate, ProcessGauge } from '@weft/engine/ports';

/** Bounds for each tenant on each lane; null: none. */
export type LaneBounds = { maxDepth: number | null; maxWaitMs: number | null };

/** From when on a producer refuses new work: the bounds of its lanes, and what measures the process itself. */
export type BackpressureOptions = LaneBounds & { gauge: ProcessGauge };

/** What waits for a tenant on a lane, of all priorities together. `oldestMs`: how long the oldest has waited. */
export type LaneDepth = { lane: string; tenant: string; depth: number; oldestMs: number };

/** `retryAfterS`: after so long it will have drained to its bound, by the rate at which it drains now. */
export type FullLane = { depth: number; waitMs: number; retryAfterS: number };

/** How soon, and how late, anybody is told to come again, seconds. */
const SOONEST_S = 1;
const LATEST_S = 120;
/** Those who are refused together shall not come back together. */
const JITTER = 0.2;

/** The name of a tenant's share of a lane. */
export function shareName({ tenant, lane }: { tenant: string; lane: string }): string {
  return `${tenant} ${lane}`;
}

/** The shares that are over a bound, by name. */
export function fullLanes(
  depths: readonly LaneDepth[],
  rates: readonly LaneRate[],
  { maxDepth, maxWaitMs }: LaneBounds,
): Map<string, FullLane> {
  const perSecond = ratesByShare(rates);
  const full = new Map<string, FullLane>();
  for (const { lane, tenant, depth, oldestMs } of depths) {
    const name = shareName({ tenant, lane });
    const rate = perSecond.get(name) ?? 0;
    const waitMs = depth === 0 ? 0 : rate > 0 ? (depth / rate) * 1000 : oldestMs;
    const isDeep = maxDepth !== null && depth >= maxDepth;
    const isLong = maxWaitMs !== null && waitMs > maxWaitMs;
    if (!isDeep && !isLong) continue;
    const byDepth = isDeep ? (depth - maxDepth + 1) / rate : 0;
    const byWait = isLong ? (waitMs - maxWaitMs) / 1000 : 0;
    const seconds = rate > 0 ? Math.max(byDepth, byWait) : LATEST_S;
    full.set(name, { depth, waitMs, retryAfterS: clamp(Math.ceil(seconds)) });
  }
  return full;
}

/** The time that one of those who are refused is told, whole seconds; `chance` is in [0, 1). */
export function jittered(seconds: number, chance: number): number {
  return clamp(Math.round(seconds * (1 - JITTER + 2 * JITTER * chance)));
}

function clamp(seconds: number): number {
  return Math.min(LATEST_S, Math.max(SOONEST_S, seconds));
}

function ratesByShare(rates: readonly LaneRate[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { perSecond, ...share } of rates) {
    const name = shareName(share);
    sums.set(name, (sums.get(name) ?? 0) + perSecond);
  }
  return sums;
}
