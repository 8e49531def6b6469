/** What a program consists of: a workflow, what is done to its run, and what must come of it. */
import type { Json, JsonObject } from '@weft/contract';

/** What whoever started the run does to it. */
export type Deed =
  /** Answers what it asks, and passes its breakpoints. */
  | { kind: 'answer' }
  /** Adds so much to the state while it asks, then answers. */
  | { kind: 'inject'; amount: number }
  | { kind: 'signal'; name: string; afterMs: number }
  | { kind: 'cancel'; afterMs: number }
  /** Retries it once it has failed. */
  | { kind: 'retry' }
  /** Once it has ended: from this part of its steps, 0 to 1. */
  | { kind: 'replay' | 'fork'; from: number }
  | { kind: 'rerun' };

/** How a run may end. `total`: what its tasks have counted together, if it succeeds. */
export type Expectation = { ends: readonly ('succeeded' | 'failed' | 'cancelled')[]; code?: string; total?: number };

export type Shape = {
  workflow: JsonObject | string;
  input?: Json;
  deeds?: readonly Deed[];
  expect: Expectation;
};
