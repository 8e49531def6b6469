/**
 * What a worker may start, given how it is (the law of backpressure): zones for what has happened, predicted memory for
 * what is about to. Pure but for its memory: time and measures are given.
 */
import { MemoryEstimate } from './memory-estimates.ts';
import { CALM, isAtLeast, isTightAt, nextZone, SOFT_LIMIT } from './zone.ts';
import type { Zone, ZoneState } from './zone.ts';

/** `bounds`: what is used of what may be used. `treeBytes`: of this process and what it has started. */
export type LoadSample = {
  treeBytes: number;
  bounds: readonly { usedBytes: number; limitBytes: number }[];
  lagMs: number;
  nowMs: number;
};

/** One task that runs: how much it is thought to have grown, and to have grown at most. */
export type Load = { uses: string; grownBytes: number; peakBytes: number; startedAt: number };

/** In yellow one task is started in this time. */
const YELLOW_PACE_MS = 50;
/** A task may always grow beyond its estimate, by this share of it. */
const LEAST_EXPECTED = 0.05;
/** A kind that was not seen for so long is no longer reckoned with when more is claimed. */
const RECENT_MS = 300_000;

type Kind = { estimate: MemoryEstimate; seenAt: number };

export class LoadLaw {
  readonly #kinds = new Map<string, Kind>();
  readonly #running = new Set<Load>();
  #state: ZoneState = CALM;
  /** Memory while nothing ran, the last time. */
  #baseline = 0;
  #tree = 0;
  /** What may still be used below the soft limit, at the last sample. */
  #headroom = Number.POSITIVE_INFINITY;
  #limit = Number.POSITIVE_INFINITY;
  #share = 0;
  #sampledAt = Number.NEGATIVE_INFINITY;
  #startedAt = Number.NEGATIVE_INFINITY;
  /** Estimates of all that runs, and of what was started since the last sample, which no measure shows yet. */
  #reserved = 0;
  #unseen = 0;
  /** Nothing better will come of waiting: one task at a time, lest the worker be dead without anybody knowing. */
  #limps = false;

  get zone(): Zone {
    return this.#state.zone;
  }

  /** Whether memory is getting short, by this measure or by those before. */
  isTight(bounds: LoadSample['bounds']): boolean {
    return isAtLeast(this.#state.memory, 'yellow') || isTightAt(shareOf(bounds));
  }

  get limitBytes(): number {
    return this.#limit;
  }

  get share(): number {
    return this.#share;
  }

  /** Takes in a measure, and learns from it. */
  sample({ treeBytes, bounds, lagMs, nowMs }: LoadSample): void {
    const isFirst = this.#sampledAt === Number.NEGATIVE_INFINITY;
    const growth = isFirst ? 0 : treeBytes - this.#tree;
    this.#tree = treeBytes;
    this.#sampledAt = nowMs;
    this.#share = shareOf(bounds);
    this.#headroom = Math.min(...bounds.map((bound) => SOFT_LIMIT * bound.limitBytes - bound.usedBytes));
    this.#limit = Math.min(...bounds.map(({ limitBytes }) => limitBytes));
    this.#attribute(growth);
    const before = this.#state;
    this.#state = nextZone(before, { share: this.#share, lagMs, running: this.#running.size, nowMs });
    if (this.#running.size === 0) this.#baseline = treeBytes;
    if (isAtLeast(this.#state.memory, 'yellow')) this.#attributeLevel();
    if (isAtLeast(this.#state.memory, 'orange') && !isAtLeast(before.memory, 'orange')) this.#learnNow(nowMs);
    this.#unseen = 0;
    this.#reserved = 0;
    for (const { uses } of this.#running) this.#reserved += this.#estimateOf(uses);
  }

  /** Takes in that memory has changed, between two samples. */
  glance(treeBytes: number): void {
    const growth = treeBytes - this.#tree;
    this.#tree = treeBytes;
    this.#headroom -= growth;
    this.#attribute(growth);
  }

  /** Says that this process cannot be replaced by another one: it goes on with one task at a time. */
  limp(limps: boolean): void {
    this.#limps = limps;
  }

  /** How many more tasks may be claimed, of whatever kind has been seen lately. */
  room(nowMs: number): number {
    if (this.#isStopped()) return this.#mayLimp() ? 1 : 0;
    if (this.#state.zone === 'yellow' && nowMs - this.#startedAt < YELLOW_PACE_MS) return 0;
    const most = Math.floor(this.#free() / this.#worstRecent(nowMs));
    const room = this.#running.size === 0 ? Math.max(1, most) : Math.max(0, most);
    return this.#state.zone === 'yellow' ? Math.min(1, room) : room;
  }

  /** Whether one task of this kind may start now. One may, whatever its size, where nothing else runs. */
  fits(uses: string, nowMs: number): boolean {
    if (this.#isStopped()) return this.#mayLimp();
    if (this.#running.size === 0) return true;
    if (this.#state.zone === 'yellow' && nowMs - this.#startedAt < YELLOW_PACE_MS) return false;
    return this.#estimateOf(uses) <= this.#free();
  }

  begin(uses: string, nowMs: number): Load {
    const load: Load = { uses, grownBytes: 0, peakBytes: 0, startedAt: nowMs };
    this.#kindOf(uses).seenAt = nowMs;
    this.#startedAt = nowMs;
    this.#running.add(load);
    const estimate = this.#estimateOf(uses);
    this.#reserved += estimate;
    this.#unseen += estimate;
    return load;
  }

  end(load: Load, nowMs: number): void {
    if (!this.#running.delete(load)) return;
    const estimate = this.#estimateOf(load.uses);
    this.#reserved = Math.max(0, this.#reserved - estimate);
    if (load.startedAt > this.#sampledAt) this.#unseen = Math.max(0, this.#unseen - estimate);
    this.#kindOf(load.uses).estimate.learn(load.peakBytes, nowMs);
  }

  /** What is stopped first where memory is short: what has begun last. One may always go on. */
  newestFirst(): Load[] {
    return Array.from(this.#running).slice(1).toReversed();
  }

  #isStopped(): boolean {
    return isAtLeast(this.#state.zone, 'orange');
  }

  #mayLimp(): boolean {
    return this.#limps && this.#running.size === 0 && this.#share < 0.95;
  }

  /** What is free by both reckonings: what was measured and what was started since; and what all that runs is known to take. */
  #free(): number {
    const idle = this.#headroom + this.#tree - this.#baseline;
    return Math.min(this.#headroom - this.#unseen, idle - this.#reserved);
  }

  #worstRecent(nowMs: number): number {
    let worst = 0;
    for (const { estimate, seenAt } of this.#kinds.values()) {
      if (nowMs - seenAt < RECENT_MS) worst = Math.max(worst, estimate.bytes);
    }
    return worst === 0 ? new MemoryEstimate('').bytes : worst;
  }

  /** Growth belongs to what runs, in proportion to what is still expected of each. */
  #attribute(growth: number): void {
    if (growth <= 0) return;
    const expected = (load: Load) => {
      const estimate = this.#estimateOf(load.uses);
      return Math.max(estimate - load.grownBytes, LEAST_EXPECTED * estimate);
    };
    const total = this.#sum(expected);
    for (const load of this.#running) {
      load.grownBytes += (growth * expected(load)) / total;
      load.peakBytes = Math.max(load.peakBytes, load.grownBytes);
    }
  }

  /**
   * Where memory is short, what has ended is taken to have left nothing behind: all above the baseline belongs to what runs.
   * Elsewhere that would blame it for garbage that nobody needed to collect yet.
   */
  #attributeLevel(): void {
    const excess = this.#tree - this.#baseline;
    const total = this.#sum(({ uses }) => this.#estimateOf(uses));
    if (excess <= 0 || total === 0) return;
    for (const load of this.#running) {
      load.peakBytes = Math.max(load.peakBytes, (excess * this.#estimateOf(load.uses)) / total);
    }
  }

  /** What was estimated too low is corrected before those that show it have ended. */
  #learnNow(nowMs: number): void {
    for (const load of this.#running) this.#kindOf(load.uses).estimate.learn(load.peakBytes, nowMs);
  }

  #sum(bytesOf: (load: Load) => number): number {
    let total = 0;
    for (const load of this.#running) total += bytesOf(load);
    return total;
  }

  #estimateOf(uses: string): number {
    return this.#kindOf(uses).estimate.bytes;
  }

  #kindOf(uses: string): Kind {
    const known = this.#kinds.get(uses);
    if (known) return known;
    const kind = { estimate: new MemoryEstimate(uses), seenAt: Number.NEGATIVE_INFINITY };
    this.#kinds.set(uses, kind);
    return kind;
  }
}

/** The share that is used of the tightest bound. */
function shareOf(bounds: LoadSample['bounds']): number {
  return Math.max(0, ...bounds.map(({ usedBytes, limitBytes }) => usedBytes / limitBytes));
}
