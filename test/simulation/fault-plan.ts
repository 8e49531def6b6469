/** Which faults a world has, and how often: each seed turns on some of them. */
import type { SeededRandom } from '@weft/testkit/seeded-random';

/** What can become of one call of a port. */
export const CALL_FAULTS = [
  /** It did not happen, and the caller gets an error. */
  'errorBefore',
  /** It happened, and the caller gets an error. */
  'errorAfter',
  /** The caller gets an error, and then it happens. */
  'late',
  /** It happens twice, as when a command is sent again on a new connection. */
  'twice',
  /** It takes a second or two. */
  'slow',
  /** The caller is killed before it has asked. */
  'crashBefore',
  /** The caller is killed when it has happened, before it hears of it. */
  'crashAfter',
] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

/** What else can happen. */
export const OTHER_FAULTS = [
  'crash',
  'killAll',
  'pause',
  'wipe',
  'locked',
  'lostMessage',
  'lostWakeUp',
  'doubleWakeUp',
  'lostRevoke',
  'skew',
  'deploy',
  'cordon',
] as const;
export type OtherFault = (typeof OTHER_FAULTS)[number];

const RATES = [0.004, 0.015, 0.04];
/** A process lives for a few hundred calls at least. */
const CRASH_RATES = [0.0005, 0.002, 0.004];

const ALONE = 0.2;

export class FaultPlan {
  readonly on: ReadonlySet<CallFault | OtherFault>;
  readonly isFree: boolean;
  readonly #random: SeededRandom;
  readonly #rates: ReadonlyMap<CallFault, number>;
  readonly #rate: number;
  readonly #methods: ReadonlyMap<string, string | undefined>;
  #isOver = false;

  /** `only`: no other faults than these; a fault of calls may be of one method: `errorAfter@runs.settle`. */
  constructor(random: SeededRandom, only: readonly string[] | null = null) {
    this.#random = random;
    // One world in eight has no faults: nothing may need to be repaired there.
    this.isFree = only ? only.every((name) => isHarmless(name)) : random.below(8) === 0;
    const kinds = [...CALL_FAULTS, ...OTHER_FAULTS].filter(() => random.chance(0.4));
    const chosen = only?.map((name) => name.split('@')) ?? [];
    this.#methods = new Map(chosen.map(([kind = '', method]) => [kind, method]));
    if (only) this.on = new Set([...CALL_FAULTS, ...OTHER_FAULTS].filter((kind) => this.#methods.has(kind)));
    else this.on = new Set(this.isFree ? kinds.filter(isHarmless) : kinds);
    this.#rate = random.pick(RATES);
    const rateOf = (kind: CallFault): number => (kind.startsWith('crash') ? random.pick(CRASH_RATES) : this.#rate);
    this.#rates = new Map(CALL_FAULTS.filter((kind) => this.on.has(kind)).map((kind) => [kind, rateOf(kind)]));
  }

  /** What becomes of the next call; null: nothing goes wrong. */
  draw(method: string, mayHappenTwice: boolean): CallFault | null {
    if (this.#isOver) return null;
    for (const [kind, rate] of this.#rates) {
      const of = this.#methods.get(kind);
      if (of !== undefined && of !== method) continue;
      // What is broken by itself is broken often.
      if (!this.#random.chance(of === undefined ? rate : ALONE)) continue;
      if (kind !== 'twice' || mayHappenTwice) return kind;
    }
    return null;
  }

  /** Whether this happens now, of something that may happen at any time. */
  strikes(kind: OtherFault, rate: number = this.#rate): boolean {
    return !this.#isOver && this.on.has(kind) && this.#random.chance(rate);
  }

  /** From now on nothing goes wrong. */
  end(): void {
    this.#isOver = true;
  }

  describe(): string {
    return this.on.size === 0 ? 'none' : `${[...this.on].join(' ')} (${this.#rate})`;
  }
}

/** What no sweeper may have to do with: clocks that differ, and processes that are told to stop, or to take on nothing. */
function isHarmless(kind: string): boolean {
  return kind === 'deploy' || kind === 'skew' || kind === 'cordon';
}
