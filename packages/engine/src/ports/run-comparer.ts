import type { Usage } from '@weft/contract';

import type { TaskStatus } from '../domain/run/records.ts';

/** `kept`: tasks that ended before the run began, in the one that it was forked from, and what they spent. */
export type TaskTotals = {
  node: string;
  status: TaskStatus;
  tasks: number;
  kept: number;
  attempts: number;
  ms: number;
  usage: Usage;
  keptUsage: Usage;
};

/** Tasks are the same by their keys. `first`: the first whose outputs differ, and the steps that settled it. */
export type OutputMatch = {
  node: string;
  equal: number;
  different: number;
  onlyFrom: number;
  onlyTo: number;
  first: { key: string; fromStep: number; toStep: number } | null;
};

/** Setting runs beside each other: their rows stay where they are stored. */
export type RunComparer = {
  /** What became of the tasks of each node and status, those left out that are superseded. */
  taskTotals(runId: string): Promise<TaskTotals[]>;
  /** How the outputs of two runs compare, of tasks that have succeeded, per node; sends have none of their own. */
  outputMatches(fromId: string, toId: string): Promise<OutputMatch[]>;
};
