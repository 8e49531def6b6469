/** The figures that scaling is decided by. */
import type { HealthBand } from '@weft/contract';

export type Demand = { queueDepth: number; avgLatencyMs: number; slaMs: number };

/** So many tasks may wait before the queue by itself is worth 0.6. */
const QUEUE = 50;
const WEIGHTS = { queue: 0.6, latency: 0.4 };
const PLACES = 10_000;

/** D: how much work there is for what the workers manage; 1 is as much as they can take. Four places. */
export function demandScore({ queueDepth, avgLatencyMs, slaMs }: Demand): number {
  const score = WEIGHTS.queue * (queueDepth / QUEUE) + WEIGHTS.latency * (avgLatencyMs / slaMs);
  return Math.round(score * PLACES) / PLACES;
}

/** `errors`: those that are there and do not work; they are not among the active ones. */
export type Nodes = { active: number; errors: number; total: number };

/** From 0 to 1; of no nodes at all, 0. */
export function healthScore({ active, errors, total }: Nodes): number {
  if (total === 0) return 0;
  return Math.min(1, Math.max(0, (active - errors) / total));
}

export const HEALTHY = 0.8;
export const CRITICAL = 0.4;

export function healthBand(score: number): HealthBand {
  if (score >= HEALTHY) return 'healthy';
  return score >= CRITICAL ? 'degraded' : 'critical';
}
