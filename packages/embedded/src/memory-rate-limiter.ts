import { arriveTogether } from '@weft/engine/domain';
import type { RateKey, RateLimiter } from '@weft/engine/ports';

/** After so many calls what stands for nothing any more is forgotten. */
const FORGET_EVERY = 1000;

/** Rates in the memory of one process. Every call is atomic: it does not yield. */
export function createMemoryRateLimiter(): RateLimiter {
  const expected = new Map<string, number>();
  let calls = 0;

  function arrive(tenant: string, now: number, keys: readonly RateKey[]) {
    const names = keys.map(({ name }) => JSON.stringify([tenant, name]));
    const rates = keys.map((key, index) => ({ ...key, expected: expected.get(names[index] ?? '') ?? null }));
    return { names, ...arriveTogether(rates, now) };
  }

  function admit(tenant: string, now: number, keys: readonly RateKey[]): number {
    const { names, waitMs, next } = arrive(tenant, now, keys);
    if (waitMs === 0) for (const [index, name] of names.entries()) expected.set(name, next[index] ?? now);
    return waitMs;
  }

  /** A time that has come says the same as none. */
  function forget(now: number): void {
    calls += 1;
    if (calls % FORGET_EVERY !== 0) return;
    for (const [name, at] of expected) if (at <= now) expected.delete(name);
  }

  return {
    async admit(tenant, now, requests) {
      forget(now);
      return requests.map((keys) => admit(tenant, now, keys));
    },
    waitMs: async (tenant, now, keys) => arrive(tenant, now, keys).waitMs,
  };
}
