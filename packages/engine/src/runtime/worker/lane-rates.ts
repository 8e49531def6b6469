/** How fast a worker ends tasks, for each lane and tenant: what a producer reckons waiting times with. */
import type { LaneRate } from '../../ports/index.ts';

const SMOOTHING = 0.3;
/** What has become slower than this is forgotten. */
const LEAST_PER_SECOND = 0.01;
/** The fastest are told; a beat stays small whatever the number of tenants. */
const MOST_TOLD = 200;

type Counted = { lane: string; tenant: string; ended: number; perSecond: number };

export class LaneRates {
  readonly #counted = new Map<string, Counted>();
  #sinceMs: number;

  /** `nowMs`: monotonic. */
  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** One task has ended. */
  count({ lane, tenant }: { lane: string; tenant: string }): void {
    const name = `${tenant} ${lane}`;
    const known = this.#counted.get(name);
    if (known) known.ended += 1;
    else this.#counted.set(name, { lane, tenant, ended: 1, perSecond: 0 });
  }

  /** The rates since the last call, smoothed. */
  take(nowMs: number): LaneRate[] {
    const seconds = Math.max(0.001, (nowMs - this.#sinceMs) / 1000);
    this.#sinceMs = nowMs;
    for (const [name, one] of this.#counted) {
      const latest = one.ended / seconds;
      one.perSecond = one.perSecond === 0 ? latest : one.perSecond + SMOOTHING * (latest - one.perSecond);
      one.ended = 0;
      if (one.perSecond < LEAST_PER_SECOND) this.#counted.delete(name);
    }
    const rates = Array.from(this.#counted.values(), ({ lane, tenant, perSecond }) => ({ lane, tenant, perSecond }));
    return rates.toSorted((a, b) => b.perSecond - a.perSecond).slice(0, MOST_TOLD);
  }
}
