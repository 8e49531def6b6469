import type { Json } from '@weft/contract';

/** A flood: how much of what, and how long to put up with a stack that is away. */
export type StressOptions = {
  /** How many runs of a single task. */
  tasks: number;
  /** How many clients submit at once, each the next as soon as the one before is answered. */
  clients: number;
  /** Runs per request; 1 sends each to `POST /v1/runs`, more go to `POST /v1/runs/batch`. */
  batch: number;
  /** The executor. */
  uses: string;
  /** The input of every task; null: `{ session, n }`. */
  input: Json;
  /** How long one submission or read is tried again, in milliseconds. */
  patienceMs: number;
  /** How long the stack has to end what it took, in milliseconds after the last answer. */
  drainMs: number;
};
