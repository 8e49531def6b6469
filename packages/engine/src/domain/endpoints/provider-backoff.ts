/** How long a provider is left alone that refuses everything: longer each time, until something succeeds again. */

const MINUTE_MS = 60_000;
export const BACKOFF_MS: readonly number[] = [5 * MINUTE_MS, 10 * MINUTE_MS, 20 * MINUTE_MS];

/** `times`: refusals since the last success, each of which began a pause. */
export type ProviderBackoff = { times: number; until: number };

export const NO_BACKOFF: ProviderBackoff = { times: 0, until: 0 };

/** What is refused while it is left alone had begun before, and says nothing new. */
export function backOff(state: ProviderBackoff, now: number, pauses: readonly number[]): ProviderBackoff {
  if (now < state.until) return state;
  const pause = pauses[Math.min(state.times, pauses.length - 1)] ?? 0;
  return { times: state.times + 1, until: now + pause };
}
