/** Where a run or a task stands. */
import type { JsonObject } from '@weft/contract';

export type RunStatus = 'pending' | 'running' | 'interrupted' | 'succeeded' | 'failed' | 'cancelled';

export type TaskStatus = 'ready' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';

export const TERMINAL_RUN: ReadonlySet<RunStatus> = new Set<RunStatus>(['succeeded', 'failed', 'cancelled']);

export const LIVE_TASK: ReadonlySet<TaskStatus> = new Set<TaskStatus>(['ready', 'running', 'waiting']);

/**
 * What a waiting task waits for: a pause before its next attempt, a time, a signal, its child run, the items of its send, or
 * an answer: to its own question, or to one of its child.
 */
export type Waits = 'retry' | 'time' | 'signal' | 'child' | 'items' | 'answer' | 'child_answer';

/**
 * `heads`: how often the closure of this node was started anew; `latest`: the iteration that settled last, if not the first;
 * `superstep`: where a run in that mode stands.
 */
export type Jumps = {
  heads: Readonly<Record<string, number>>;
  latest: Readonly<Record<string, number>>;
  superstep?: Superstep;
};

/** Where a run in superstep mode stands (rule B9). */
export type Superstep = {
  /** How many supersteps have begun. */
  begun: number;
  /** The step that armed this one: its tasks read what that step saw. */
  since: number;
  /** The nodes that it has armed, and the routes that were decided on the way to it. */
  nodes: string[];
  /** Nodes that were triggered and are not armed yet: deferred ones, and all of them while a breakpoint holds the run. */
  held: string[];
  /** Those held whose breakpoint was passed. */
  passed: string[];
  /** How often a node was armed, for nodes that may be armed more than once. */
  runs: Record<string, number>;
  /** A goto or a retry has left the plan of the graph: from now on every node is counted in `runs`. */
  jumped: boolean;
  /** What the last barrier has written to ephemeral keys, as long as not all that may read it is armed. */
  ephemeral: JsonObject | null;
};
