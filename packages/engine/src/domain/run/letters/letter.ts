import type { Json, TaskError } from '@weft/contract';

/** Why a task has failed, and in which step. */
export type Failure = { error: TaskError; step: number };

/** What became of a dead letter. It stays with the task, whatever comes of its next attempts. */
export type Letter = {
  /** The input of all attempts after this edit, instead of what the node renders; `by`: who has edited it, if they said. */
  edit?: { with: Json; by: string | null };
  /** The run has gone on from its failure: what becomes of it now settles no edge, and cannot end the run. */
  alone?: true;
  /** Failures that others may have read, oldest first: who became ready after one and before the next result reads it. */
  past?: Failure[];
  /** Nobody wants to see it any more. */
  discarded?: { by: string | null };
};
