import type { Log, ReplyStore } from '@weft/engine/ports';

/** What protocols need whose answers come by themselves. */
export type ReplyOptions = {
  /** Shared by all workers, or the memory of one process where there is one only. */
  replies: ReplyStore;
  /** The same for all who share a reply store, and for no others: two installations on one broker keep apart by it. */
  group: string;
  /** How long a call waits for its answer before it gives its place back, ms. */
  holdMs: number;
  /** How long a mailbox is its holder's without a word, ms (10,000). */
  leaseMs?: number;
  log: Log;
};
