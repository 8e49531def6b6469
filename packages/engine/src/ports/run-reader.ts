import type { RunBudgetRecord } from './budget-store.ts';
import type { Json, Placement, RunTrigger, TaskError, Usage } from '@weft/contract';

import type { BranchPoint, FoldedRun, UsageRecord } from '../domain/run/records.ts';
import type { FoldStep, Migration, StepRecord } from '../domain/run/journal.ts';
import type {
  ChannelRecord,
  ChannelWrite,
  JoinRecord,
  RunHead,
  RunStatus,
  TaskRecord,
  TaskStatus,
  Waits,
} from '../domain/run/records.ts';
import type { StepRange } from '../domain/run/step-path.ts';

export type RunRecord = {
  head: RunHead;
  input: Json;
  config: Json;
  tags: string[];
  output: Json;
  error: TaskError | null;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  usage: Usage;
  /** What it may spend, where it is bounded by itself. */
  budget: RunBudgetRecord | null;
  /** The schedule that has started it. */
  trigger: RunTrigger | null;
  /** The checkpoint that it was forked from; step 0 where it was only started again. */
  forkedFrom: Checkpointed | null;
};

/** One step of one run. */
export type Checkpointed = { runId: string; step: number };

export type RunFilter = {
  tenant: string;
  statuses?: RunStatus[];
  workflow?: string;
  /** Runs that follow one of these versions; and those that do not follow this one. */
  versions?: readonly number[];
  exceptVersion?: number;
  tag?: string;
  createdAfter?: number;
  /** Runs before this one, in order of creation. */
  beforeId?: string;
  limit: number;
};

/** A task with what belongs to it but not to the run machine. */
export type TaskView = TaskRecord & {
  runId: string;
  offeredAt: number | null;
  deadline: number | null;
  usage: Usage;
  /** Its result was computed for another task, says the step that settled it. */
  cached: boolean;
  /** Where its last attempt that was sent to an endpoint went. */
  placed: Placement | null;
};

/** What a task gave at the step that settled it; `output` is absent where it is larger than was asked for, or a send's own. */
export type TaskResult = { key: string; settledStep: number; output?: Json };

/** `afterId`: questions of tasks with greater ids; null for the first page. */
export type QuestionFilter = { tenant: string; limit: number; afterId: string | null };

/** What tasks wait for, and how many of them are wanted at most (null: all), oldest first. */
export type WaitingFilter = { waits: readonly Waits[]; limit: number | null };

export type { StepRange } from '../domain/run/step-path.ts';

export type MigrationStep = { step: number } & Migration;

/** Folds the steps of a run along a path that begins with its first. */
export type FoldPath = (path: readonly StepRange[]) => Promise<FoldedRun>;

/** Reading runs, outside any lock. Instants are epoch ms. */
export type RunReader = {
  run(tenant: string, id: string): Promise<RunRecord | null>;
  runs(filter: RunFilter): Promise<RunRecord[]>;
  /** The tasks of a run, in the order in which they were armed. */
  tasks(
    runId: string,
    page: { limit: number; after: { readsAt: number; key: string } | null; statuses?: TaskStatus[] },
  ): Promise<TaskView[]>;
  task(tenant: string, id: string): Promise<TaskView | null>;
  /** The newest activation of each of these nodes, where there is one. */
  tasksByKey(runId: string, keys: readonly string[]): Promise<TaskView[]>;
  /** The last step of each of these runs that exists. */
  lastSteps(runIds: readonly string[]): Promise<Map<string, number>>;
  /** What the tasks with these keys have given, as far as they have succeeded: each activation, in no order. */
  results(runId: string, keys: readonly string[], maxBytes: number): Promise<TaskResult[]>;
  /** Journal steps after `afterStep`, in order. */
  steps(runId: string, page: { afterStep: number; limit: number }): Promise<StepRecord[]>;
  /** The same steps with no more than folding them takes. */
  facts(runId: string, range: StepRange): Promise<FoldStep[]>;
  /** What a run that goes on from this step must know, with the fold that `foldPath` makes. The step exists. */
  branchPoint(runId: string, step: number, foldPath: FoldPath): Promise<BranchPoint>;
  /** The steps up to this one that do not follow the step before them, newest first. */
  branches(runId: string, toStep: number): Promise<Pick<StepRecord, 'step' | 'parent'>[]>;
  /** The steps by which the run has moved to other versions of its workflow, in order. */
  migrations(runId: string): Promise<MigrationStep[]>;
  /** What the given steps wrote to the state, in order. */
  writes(runId: string, range: StepRange): Promise<ChannelWrite[]>;
  /** All channels as of the step (null: now). */
  channels(runId: string, atStep: number | null): Promise<Map<string, ChannelRecord>>;
  /** All channels as these steps have left them; they are in order, from the first step of the run on. */
  channelsAlong(runId: string, path: readonly StepRange[]): Promise<Map<string, ChannelRecord>>;
  joins(runId: string): Promise<JoinRecord[]>;
  /** What each attempt has spent that has spent something, in no order. */
  spent(runId: string): Promise<UsageRecord[]>;
  /** Tasks that wait for an answer, of runs that have not ended, in order of their ids. */
  questions(filter: QuestionFilter): Promise<TaskView[]>;
  /** Tasks of the run that wait for any of this. */
  waiting(runId: string, filter: WaitingFilter): Promise<TaskView[]>;
  /** The newest step after `afterStep` that dealt with this message; null if there is none. */
  stepOfMail(runId: string, mailId: string, afterStep: number): Promise<StepRecord | null>;
  /** The step that answered this question; null if it is not answered. */
  stepOfAnswer(runId: string, questionId: string): Promise<StepRecord | null>;
  /** How many tasks there are per status, and runs, for the metrics. */
  counts(): Promise<{ tasks: Record<string, number>; runs: Record<string, number> }>;
};
