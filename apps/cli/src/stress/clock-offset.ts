/** Between two instants of this process lies one of the database, which it writes in whole milliseconds, cut off. */
export type ClockPair = { sentAt: number; createdAt: number; answeredAt: number };

/** How much the database's clock is ahead of ours, and by how much that may be wrong; in milliseconds. */
export type ClockOffset = { offsetMs: number; uncertaintyMs: number };

/**
 * A run's creation lies between the sending of its request and the answer. Each run bounds the difference of the clocks
 * from both sides; the narrowest bounds of all runs are taken. Null without any.
 */
export function clockOffset(pairs: readonly ClockPair[]): ClockOffset | null {
  if (pairs.length === 0) return null;
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const { sentAt, createdAt, answeredAt } of pairs) {
    low = Math.max(low, createdAt - answeredAt);
    high = Math.min(high, createdAt + 1 - sentAt);
  }
  return { offsetMs: (low + high) / 2, uncertaintyMs: Math.abs(high - low) / 2 };
}
