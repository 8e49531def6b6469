/** How little memory a process needs that has just started. Measured in bench/results/idle-memory.md. */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/node-compile', import.meta.url));
const DEFAULT_GROWTH = 2;

/**
 * Keeps compiled code on disk, so that neither the type stripper nor the sources are needed the next time.
 * NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE=1 wants none.
 */
export function keepCompiledCode(): void {
  enableCompileCache(CACHE);
}

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
