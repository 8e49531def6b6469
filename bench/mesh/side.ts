/** What is measured: one system that runs the three shapes, told in the same words as its peers. */

/** How much a measurement does. */
export type Load = { runs: number };

export type Side = {
  readonly name: string;
  /** A chain of ten, one run at a time. Returns how long each run took, ms. */
  chains(load: Load): Promise<number[]>;
  /** 1 -> 40 -> 1, all at once. Resolves when the driver has heard of the last end. */
  fans(load: Load): Promise<void>;
  /** Runs of a single task, submitted by the bulk call. */
  singles(load: Load): Promise<void>;
  /** The processes that only this side needs. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
};

export const CHAIN = 10;
export const FAN = 40;
/** With the field's name and the quotes about 100 bytes. */
export const PAYLOAD = 'x'.repeat(85);
/** Runs in one bulk call, for each side. */
export const BULK = 1000;

export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}
