/** Asking twice: where the first answer does not come in time, a second one is asked for elsewhere, and the better one counts. */
import type { Clock } from '@weft/engine/ports';

/** Both obey their signal within a second, and throw only by mistake. */
export type HedgedCalls<T> = {
  first: (signal: AbortSignal) => Promise<T>;
  /** Null: there is nobody else to ask. */
  second: (signal: AbortSignal) => Promise<T | null>;
};

export type HedgeOptions<T> = {
  /** How long the first one is waited for alone, ms. */
  afterMs: number;
  clock: Pick<Clock, 'after'>;
  signal: AbortSignal;
  /** Whether a result ends the wait for the other one. */
  isGood: (result: T) => boolean;
};

/** `other`: what came of the one that lost, since it may have cost something; null: it was not asked. */
export type Hedged<T> = { result: T; by: 'first' | 'second'; other: T | null };

/**
 * The first good result counts, and the other call is told to stop and waited for; if neither is good, that of the first. A first
 * call that has failed in time is not asked again here: that is for the retry policy.
 */
export async function hedge<T>({ first, second }: HedgedCalls<T>, options: HedgeOptions<T>): Promise<Hedged<T>> {
  const { signal, isGood } = options;
  const stops = { first: new AbortController(), second: new AbortController() };
  try {
    const one = first(AbortSignal.any([signal, stops.first.signal]));
    if (!(await isLate(one, options))) return { result: await one, by: 'first', other: null };
    const two = second(AbortSignal.any([signal, stops.second.signal]));
    const sooner = await Promise.race([named('first', one), named('second', two)]);
    const isFirst = sooner.by === 'first';
    const good = goodOf(sooner, isGood);
    if (good) stops[isFirst ? 'second' : 'first'].abort();
    const later = await (isFirst ? named('second', two) : named('first', one));
    if (good) return { ...good, other: later.result };
    const late = goodOf(later, isGood);
    return late ? { ...late, other: sooner.result } : { result: await one, by: 'first', other: await two };
  } finally {
    stops.first.abort();
    stops.second.abort();
  }
}

type Named<T> = { by: 'first' | 'second'; result: T | null };

function goodOf<T>({ by, result }: Named<T>, isGood: (result: T) => boolean): Pick<Hedged<T>, 'by' | 'result'> | null {
  return result !== null && isGood(result) ? { by, result } : null;
}

async function named<T>(by: 'first' | 'second', call: Promise<T | null>): Promise<Named<T>> {
  return { by, result: await call };
}

/** Whether the call is still under way after so long. Once it is to stop nobody else is asked. */
async function isLate<T>(call: Promise<T>, { afterMs, clock, signal }: HedgeOptions<T>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const cancel = clock.after(afterMs, () => resolve(!signal.aborted));
  try {
    return await Promise.race([late, call.then(() => false)]);
  } finally {
    cancel();
  }
}
