import type { Json, JsonObject, TaskError, Usage } from '@weft/contract';

/**
 * What came of one attempt. Expected failures are values: an executor throws only by mistake, and what it throws counts
 * as a retryable failure with the code `executor_threw`.
 */
export type Outcome =
  /** `goto`: the nodes to go on at instead of its edges, or `__end__`. */
  | { kind: 'succeeded'; output: Json; stateUpdates?: JsonObject; goto?: string[]; usage?: Usage }
  | { kind: 'failed'; error: TaskError; retryAfterMs?: number; usage?: Usage };
