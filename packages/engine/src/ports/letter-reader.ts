import type { TaskError } from '@weft/contract';

import type { RunHead, RunStatus, TaskRecord } from '../domain/run/records.ts';

/** A task with a failure that was final, and its run. Instants are epoch ms. */
export type LetterRecord = TaskRecord & {
  runId: string;
  workflow: RunHead['workflow'];
  runStatus: RunStatus;
  parent: { runId: string; key: string } | null;
  /** The run has gone on without it. */
  superseded: boolean;
  /** Attempts that came to nothing, oldest first; without an error where the worker was lost. */
  attempts: { attempt: number; at: number; error: TaskError | null }[];
  /** Where it stands in the list. */
  place: LetterPosition;
};

export type LetterPosition = { at: string; id: string };

/** `since`, `until`: epoch ms, when they failed. `after`: the last of the page before. */
export type LetterListing = {
  tenant: string;
  workflow?: string | undefined;
  node?: string | undefined;
  code?: string | undefined;
  lane?: string | undefined;
  run?: string | undefined;
  since?: number | undefined;
  until?: number | undefined;
  after?: LetterPosition | null;
  limit: number;
};

/** Reading dead letters, outside any lock. */
export type LetterReader = {
  /** The open ones, those that failed last first: without those that only tell of another one, or whose run was cancelled. */
  letters(listing: LetterListing): Promise<LetterRecord[]>;
  /** The task, whatever has become of it since; null if there is none that has ever failed for good. */
  letter(tenant: string, taskId: string): Promise<LetterRecord | null>;
};
