/** How fast a worker ends tasks, and how long they took, for each lane and tenant: what waiting times and scaling are reckoned with. */
import type { LaneRate } from '../../ports/index.ts';

const SMOOTHING = 0.3;
/** What has become slower than this is forgotten. */
const LEAST_PER_SECOND = 0.01;
/** The fastest are told; a beat stays small whatever the number of tenants. */
const MOST_TOLD = 200;

type Counted = { lane: string; tenant: string; ended: number; tookMs: number; perSecond: number; latencyMs: number };

export class LaneRates {
  readonly #counted = new Map<string, Counted>();
  #sinceMs: number;

  /** `nowMs`: monotonic. */
  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** One task has ended, so long after it was ready. */
  count({ lane, tenant, tookMs }: { lane: string; tenant: string; tookMs: number }): void {
    const name = `${tenant} ${lane}`;
    const known = this.#counted.get(name) ?? { lane, tenant, ended: 0, tookMs: 0, perSecond: 0, latencyMs: 0 };
    known.ended += 1;
    known.tookMs += Math.max(0, tookMs);
    this.#counted.set(name, known);
  }

  /** The rates since the last call, smoothed. */
  take(nowMs: number): LaneRate[] {
    const seconds = Math.max(0.001, (nowMs - this.#sinceMs) / 1000);
    this.#sinceMs = nowMs;
    for (const [name, one] of this.#counted) {
      const latest = one.ended / seconds;
      one.perSecond = one.perSecond === 0 ? latest : one.perSecond + SMOOTHING * (latest - one.perSecond);
      // Where nothing ends, what ended before tells less and less.
      const took = one.ended > 0 ? one.tookMs / one.ended : 0;
      one.latencyMs = one.latencyMs === 0 ? took : one.latencyMs + SMOOTHING * (took - one.latencyMs);
      one.ended = 0;
      one.tookMs = 0;
      if (one.perSecond < LEAST_PER_SECOND) this.#counted.delete(name);
    }
    const rates = Array.from(this.#counted.values(), ({ lane, tenant, perSecond, latencyMs }) => {
      return { lane, tenant, perSecond, latencyMs };
    });
    return rates.toSorted((a, b) => b.perSecond - a.perSecond).slice(0, MOST_TOLD);
  }
}
