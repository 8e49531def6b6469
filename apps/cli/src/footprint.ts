/** How little memory a process needs that has just started. Measured in bench/results/idle-memory.md. */
import { setFlagsFromString } from 'node:v8';

const DEFAULT_GROWTH = 2;

/**
 * Holds the young generation at its present size. What a start makes lives long, for which V8 would let it grow to
 * 64 MiB, and an idle process would not give them back for a long time.
 */
export function holdYoungGeneration(): void {
  growYoungGeneration(1);
}

/** Lets the young generation grow with the work again. */
export function releaseYoungGeneration(): void {
  growYoungGeneration(DEFAULT_GROWTH);
}

function growYoungGeneration(factor: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}
