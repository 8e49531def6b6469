/** Waits; an abort ends it with the signal's reason. Timers of the web platform, so that it runs in browsers, too. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = (): void => {
    clearTimeout(timer);
    reject(signal?.reason);
  };
  signal?.addEventListener('abort', stop, { once: true });
  await promise.finally(() => signal?.removeEventListener('abort', stop));
}

/** From half of it up to all of it, by chance: many who begin to wait at once do not end at once. */
export function jittered(ms: number): number {
  return ms / 2 + (Math.random() * ms) / 2;
}
