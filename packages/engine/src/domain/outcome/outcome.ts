import type { Json, JsonObject, Placement, TaskError, Usage } from '@weft/contract';

/**
 * What came of one attempt. Expected failures are values: an executor throws only by mistake, and what it throws counts
 * as a retryable failure with the code `executor_threw`.
 */
export type Outcome =
  | {
      kind: 'succeeded';
      output: Json;
      stateUpdates?: JsonObject;
      /** The nodes to go on at instead of its edges, or `__end__`. */
      goto?: string[];
      usage?: Usage;
      placed?: Placement;
      /** It was computed for another task: no executor ran for this one. */
      cached?: true;
    }
  | {
      kind: 'failed';
      error: TaskError;
      retryAfterMs?: number;
      usage?: Usage;
      placed?: Placement;
      /** What the next attempt is given instead of what the ones before have left; null: it begins from the beginning. */
      memo?: Json;
    }
  /**
   * Not finished, and not failed: the same task is to run again, at once or in so long, and is given `memo` then. A `turn` is
   * complete in itself: the next attempt reads the state as it is by then, and its failures count anew.
   */
  | {
      kind: 'again';
      memo: Json;
      afterMs: number;
      isTurn?: boolean;
      /** People are asked first, for as long as it takes: whether more may be spent. */
      asks?: { message: string; budget: string | null };
      /** What a turn writes to the state. In superstep mode nothing is written before a task has ended, so that it fails. */
      stateUpdates?: JsonObject;
      /**
       * What it has asked for is under way outside, at the endpoint that its limit key counts: it keeps its place there, and goes on
       * whether or not there is another one.
       */
      keepsPlace?: true;
      /** What the journal says of it. */
      note?: JsonObject;
      usage?: Usage;
      placed?: Placement;
    };
