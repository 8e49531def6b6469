/** How much memory one task of a kind takes at its peak: learned from those that ran, assumed before. Bytes. */

const MIB = 1024 * 1024;

/** Observations that are remembered for each kind. */
const REMEMBERED = 64;
/** So many make an estimate; before that what is assumed counts as well. */
const ENOUGH = 8;
const PERCENTILE = 0.95;
/** An observation counts half after this time. */
const HALF_LIFE_MS = 600_000;
/** The estimate is made anew after so many observations that were below it. */
const RENEW_AFTER = 16;
const LEAST_BYTES = 256 * 1024;

/** What is assumed of kinds that nobody has seen run: of a user's code more than of what waits for somebody else. */
const ASSUMED: readonly (readonly [RegExp, number])[] = [
  [/^(process|container|handler:)/, 64 * MIB],
  [/^(echo|sleep)$/, LEAST_BYTES],
];
const ASSUMED_OTHERWISE = 16 * MIB;

type Observation = { bytes: number; atMs: number };

export class MemoryEstimate {
  readonly #assumed: number;
  readonly #seen: Observation[] = [];
  #count = 0;
  #since = 0;
  #bytes: number;

  /** `uses`: the kind, the name of its executor. */
  constructor(uses: string) {
    this.#assumed = ASSUMED.find(([kind]) => kind.test(uses))?.[1] ?? ASSUMED_OTHERWISE;
    this.#bytes = this.#assumed;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Learns what one task took. */
  learn(bytes: number, nowMs: number): void {
    this.#seen[this.#count % REMEMBERED] = { bytes, atMs: nowMs };
    this.#count += 1;
    this.#since += 1;
    if (bytes > this.#bytes || this.#count <= ENOUGH || this.#since >= RENEW_AFTER) this.#renew(nowMs);
  }

  #renew(nowMs: number): void {
    this.#since = 0;
    const faded = this.#seen.map(({ bytes, atMs }) => bytes * 0.5 ** ((nowMs - atMs) / HALF_LIFE_MS));
    const sorted = faded.toSorted((a, b) => a - b);
    const learned = sorted[Math.ceil(sorted.length * PERCENTILE) - 1] ?? 0;
    this.#bytes = Math.max(learned, this.#count < ENOUGH ? this.#assumed : LEAST_BYTES);
  }
}
