import type { DueTimer } from './dispatch-store.ts';

/**
 * Wake-ups for due times that stand in the store. It may wake late, twice or not at all: the sweeper finds what it
 * misses, and the fence refuses what comes twice (rule A12).
 */
export type Timers = {
  /** Asks for a wake-up of each timer when it is due; one that is known is not added again. */
  schedule(timers: readonly DueTimer[]): Promise<void>;
  /** Calls `listener` with timers that are due, until the returned function is called. */
  onDue(listener: (timers: readonly DueTimer[]) => void): () => void;
};
