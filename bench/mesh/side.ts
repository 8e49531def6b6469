/** What is measured: one system that runs the three shapes, told in the same words as its peers. */
import type { Endings } from './endings.ts';

/**
 * W1: a chain of ten, one run at a time. W2: 1 -> 40 -> 1, a hundred runs at once. W3: single tasks, thousands of runs by
 * the bulk call.
 */
export type Shape = 'W1' | 'W2' | 'W3';

export type Side = {
  readonly name: string;
  readonly shapes: readonly Shape[];
  /** Resolves when the driver has heard of the last end. Of runs that go one at a time it tells how long each took, ms. */
  run(shape: Shape, runs: number): Promise<number[]>;
  /** The processes that only this side needs, by what they are. */
  readonly pids: Readonly<Record<string, number>>;
  /** Lets a worker that looks for work all the time sleep while others are measured, or wakes it. */
  readonly setAsleep?: (asleep: boolean) => void;
  stop(): Promise<void>;
};

export const CHAIN = 10;
export const FAN = 40;
/** With the field's name and the quotes about 100 bytes. */
export const PAYLOAD = 'x'.repeat(85);
/** Runs in one bulk call, for each side. */
export const BULK = 1000;

export const NODES: Readonly<Record<Shape, number>> = { W1: CHAIN, W2: FAN + 2, W3: 1 };
/** Runs that are started together, or one after another, before the clock is looked at again. */
export const RUNS: Readonly<Record<Shape, number>> = { W1: 20, W2: 100, W3: 5000 };

type Starting = Omit<Side, 'run'> & {
  endings: Endings;
  /** Starts the runs and gives their names; their ends come to `endings`. */
  start: (shape: Shape, runs: number) => Promise<string[]>;
};

/** A side that starts runs and hears of their ends apart. */
export function sideOf({ endings, start, ...side }: Starting): Side {
  const through = async (shape: Shape, runs: number): Promise<void> => endings.of(await start(shape, runs));
  return {
    ...side,
    async run(shape, runs) {
      if (shape !== 'W1') {
        await through(shape, runs);
        return [];
      }
      const took: number[] = [];
      for (let n = 0; n < runs; n++) {
        const startedAt = performance.now();
        await through(shape, 1);
        took.push(performance.now() - startedAt);
      }
      return took;
    },
  };
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}

/** Names of runs that no other call has given. */
export function newRuns(count: number): string[] {
  return Array.from({ length: count }, () => `${process.pid}-${next++}`);
}
let next = 0;
