import type { Clock } from '../ports/index.ts';

/** Resolves after `ms`. */
export async function pause(clock: Pick<Clock, 'after'>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.after(ms, resolve);
  await promise;
}
