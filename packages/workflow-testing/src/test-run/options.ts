import type { Json, JsonObject } from '@weft/contract';
import type { Handler } from '@weft/executors';

import type { WorkflowSource } from '../load-workflow.ts';

export type WorkflowTestOptions = {
  /** Input of the run ({}). It is held against the `input` schema of the workflow, as everywhere. */
  input?: Json;
  config?: JsonObject;
  /** A handlers file, as workers load it, or handlers by name. A node that a script speaks of does not run its handler. */
  handlers?: string | URL | Readonly<Record<string, Handler>>;
  /** Workflows that `subgraph` nodes name; a script for such a node stands in for its child. */
  workflows?: readonly WorkflowSource[];
  /** Where the virtual clock stands at first (2026-01-01T00:00:00Z). */
  now?: number | string | Date;
  /** Chooses the order of what ends at the same instant, ids, and pauses before retries. Without it, in order of beginning. */
  seed?: number;
  /** What an attempt does that nothing is said of: `fail` the test (default), or `echo` its input. */
  unscripted?: 'fail' | 'echo';
  /** Values of secrets by name. Without it, `{ secret: NAME }` stays as it is in inputs. */
  secrets?: Readonly<Record<string, string>>;
  /** After these steps of the run all processes die, and others go on with what a database would have kept. */
  crashAt?: number | readonly number[];
  /** How long a function of a script or a handler may take in real time, ms (10,000). */
  handlerTimeoutMs?: number;
};
