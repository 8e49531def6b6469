import type { Json, JsonObject, TaskError, Usage } from '@weft/contract';

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
      /** It was computed for another task: no executor ran for this one. */
      cached?: true;
    }
  | { kind: 'failed'; error: TaskError; retryAfterMs?: number; usage?: Usage };
