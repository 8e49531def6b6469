/** Waits that end early. */
import type { Clock } from '../../ports/index.ts';

/** Waits for `promise`, or for the signal; `aborted` if that comes first. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | 'aborted'> {
  const { promise: aborted, resolve } = Promise.withResolvers<'aborted'>();
  const onAbort = () => resolve('aborted');
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

type Bound = { ms: number; signal?: AbortSignal };

/** Waits for `promise` for at most `ms`; `late` if it takes longer. */
export async function within<T>(
  clock: Pick<Clock, 'after'>,
  promise: Promise<T>,
  { ms, signal }: Bound,
): Promise<T | 'late' | 'aborted'> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const cancel = clock.after(ms, () => resolve('late'));
  try {
    const first = Promise.race([promise, late]);
    return await (signal ? unlessAborted(first, signal) : first);
  } finally {
    cancel();
  }
}

/** Resolves after `ms`, or as soon as the signal is aborted. */
export async function pauseUnlessAborted(clock: Pick<Clock, 'after'>, { ms, signal }: Required<Bound>): Promise<void> {
  const { promise: never } = Promise.withResolvers<never>();
  await within(clock, never, { ms, signal });
}
