/**
 * What the run machine works on: plain records, as the store loads and saves them. Nothing here has behaviour.
 *
 * Instants are epoch milliseconds of the database's clock; steps are journal numbers.
 */
import type { Json, JsonObject, Placement, TaskError, Usage } from '@weft/contract';

import type { Payer } from '../budget/payer.ts';
import type { Failure, Letter } from './letters/letter.ts';
import type { Jumps, RunStatus, TaskStatus, Waits } from './status.ts';
import type { StepRecord } from './step-record.ts';

export type { Failure, Letter } from './letters/letter.ts';
export { LIVE_TASK, TERMINAL_RUN } from './status.ts';
export type { Jumps, RunStatus, TaskStatus, Waits } from './status.ts';

/** Names one version of one workflow of one tenant. */
export type WorkflowRef = { tenant: string; name: string; version: number };

/** The narrow row that every settle locks and rewrites. */
export type RunHead = {
  id: string;
  workflow: WorkflowRef;
  status: RunStatus;
  /** Raised by cancel, replay and fork; part of the fence. */
  epoch: number;
  /** The number of the last journal step. */
  step: number;
  /** Tasks that are ready, running or waiting for time (rule B8). */
  live: number;
  /** Tasks that wait for an answer (rule B8). */
  asking: number;
  /** Generations started by back edges and gotos; in superstep mode, supersteps after the first (rule B5). */
  generations: number;
  /** Tasks that failed for good without ending the run (`skipDependents`). */
  failed: number;
  /** Joins that have seen an edge end but did not fire yet. */
  openJoins: number;
  priority: Priority;
  /** What loops and gotos have done; null until the first of them (rule B4). */
  jumps: Jumps | null;
  /** Mail that is kept until something asks for it: signals nobody waits for yet, injections after a node. */
  kept: number;
  /** The task whose child this run is, and how deep it lies below a run without parent. */
  parent: RunParent | null;
  /** Who is charged beside its tenant; null for most runs. */
  payer: Payer | null;
  /** Somebody is told about it by callbacks of its own. Only a head that was read from the store knows. */
  hasCallbacks?: true;
};

export type RunParent = { runId: string; key: string; epoch: number; depth: number };

/** 0 critical, 1 high, 2 normal, 3 low. */
export type Priority = 0 | 1 | 2 | 3;

/** What becomes of an armed task without a worker: a node that cannot fire, or whose condition could not be evaluated. */
export type Fate = { kind: 'skip'; failed: boolean } | { kind: 'fail'; error: TaskError };

export type TaskRecord = {
  /** Scope path `node#iteration`, below the items of sends `each#1[17]/node#0` (rule B6). */
  key: string;
  /** The run's epoch when the task was armed; with the key it makes the task's id. */
  epoch: number;
  id: string;
  node: string;
  status: TaskStatus;
  /** The fencing token: rises whenever the task is handed out anew, never resets (rule A4). */
  attempt: number;
  failures: number;
  crashes: number;
  /** Failed for good under `skipDependents`. */
  blamed: boolean;
  /** The step that made it ready; its input reads what that step saw (rule A7). */
  readsAt: number;
  readyAt: number;
  /** The lane that serves it; null for a node that needs no worker. */
  lane: string | null;
  priority: Priority;
  /** Under which key limits count it, fixed when it is armed; null for a node without one. */
  limitKey: string | null;
  /** Values of the state keys that the node reads, as seen by the step `readsAt`. */
  captured: JsonObject | null;
  /** The item of the send that armed it; null at the top. */
  item: Json;
  /** Which iteration it reads of the nodes that its expressions name; null: the first of each. */
  iterations: Readonly<Record<string, number>> | null;
  fate: Fate | null;
  /** What it waits for; null unless it is `waiting`. */
  waits: Waits | null;
  /** What belongs to its type, from the moment it is begun. */
  detail: TaskDetail | null;
  output: Json;
  error: TaskError | null;
  settledStep: number | null;
  settledAt: number | null;
  startedAt: number | null;
  worker: string | null;
  /** What was done about its final failures; null of a task that nobody has had to look after. */
  letter: Letter | null;
};

/** In superstep mode: what an outcome says beside its output, for the barrier (rule B9). It stays in the row. */
export type PendingDetail = { kind: 'pending'; stateUpdates: JsonObject | null; goto: string[] | null };

export type TaskDetail =
  /** A question: of an interrupt node, or of a breakpoint before or after a node. */
  | {
      kind: 'question';
      id: string;
      at: 'node' | 'before' | 'after';
      message: string | null;
      expiresAt: number | null;
      /**
       * Whether more may be spent: the run whose budget is used up, if it is that of a run, and what the attempt before has left. The
       * task runs again once that is granted.
       */
      means?: { budget: string | null; memo: Json };
      /** Of a breakpoint after a node: its result, until it is passed. */
      held?: { output: Json; goto: string[] | null; items: number | null; pending?: PendingDetail };
    }
  | { kind: 'wait'; dueAt: number; signal: string | null }
  /** `seen`: the step of the child that was heard of last. */
  | { kind: 'child'; runId: string; seen: number }
  /** A send: its output is that of its items, in order, and is stored with them only (rule B7). */
  | { kind: 'items'; total: number }
  /** It went on by goto, so its edges were not taken. `to`: where, of one that a breakpoint had held. */
  | { kind: 'jumped'; to?: string[] }
  | PendingDetail
  /**
   * What an attempt that has not finished the task leaves to the next one (null: nothing), and, where that is bounded, since when
   * it has been failing. `keepsPlace`: what it has asked for is under way outside.
   */
  | { kind: 'memo'; memo: Json; failingSince?: number; keepsPlace?: true }
  /** It was to go back more often than it may, and its run has failed with it. `items`: those of a send. */
  | { kind: 'halted'; items: number | null };

/**
 * How far the in-edges of one activation of a node have ended (rules B1, B2, B10). Under the key `send[]`, how far a send has
 * come: `taken` items are armed, `ended` of them have ended.
 */
export type JoinRecord = { key: string; ended: number; taken: number; failed: number; fired: boolean };

/** A channel as stored: its newest base and the deltas after it, in journal order. */
export type ChannelRecord = {
  base: Json | undefined;
  deltas: Json[];
  /** The step of the newest delta, and the size of all of them, in bytes. */
  lastStep: number;
  deltaBytes: number;
  baseBytes: number;
};

export type ChannelWrite = { channel: string; step: number; kind: 'base' | 'delta'; value: Json };

/** `wait`: the time of a wait is over, or that of its signal; `expire`: a question has found no answer. */
export type TimerKind = 'retry' | 'queue' | 'wait' | 'expire';

/** A due time of one task; `attempt` fences it. */
export type TimerRecord = { key: string; kind: TimerKind; attempt: number; dueAt: number };

/** A message to a run from outside its own transactions (rule A10). */
export type Mail = { id: string; kind: MailKind; payload: JsonObject };

/**
 * From outside: `cancel retry replay migrate retry_letters discard_letters answer inject signal`; from the run to itself: `close go_on`; from a parent: `start` (the run does not
 * exist yet) and `cancel`; from a child: `child_ended child_asks child_runs`.
 */
export type MailKind =
  | 'cancel'
  | 'retry'
  | 'replay'
  | 'migrate'
  | 'retry_letters'
  | 'discard_letters'
  | 'close'
  | 'go_on'
  | 'answer'
  | 'inject'
  | 'signal'
  | 'start'
  | 'child_ended'
  | 'child_asks'
  | 'child_runs';

/** Mail that a decision sends: to the run itself (`to` null, at most one of a kind), or to another run. */
export type SentMail = { to: string | null; kind: MailKind; payload: JsonObject; dedupeKey: string | null };

/** Mail that stays in the inbox until something asks for it by its topic: `signal:NAME` or `after:NODE`. */
export type KeptMail = { id: string; topic: string };

/** Items of a send that are not armed yet, in pieces of CHUNK_ITEMS. */
export type ItemChunk = { key: string; chunk: number; items: Json[] };

export type UsageRecord = { key: string; epoch: number; attempt: number; usage: Usage; placed?: Placement };

/** The part of a task that the journal determines. */
export type TaskProgress = {
  status: TaskStatus;
  attempt: number;
  failures: number;
  crashes: number;
  blamed: boolean;
  waits: Waits | null;
};

/** The part of a run that the journal determines; state is folded from the channel rows beside it. */
export type Progress = {
  head: Pick<
    RunHead,
    'status' | 'epoch' | 'step' | 'live' | 'asking' | 'generations' | 'failed' | 'openJoins' | 'jumps' | 'kept'
  >;
  tasks: Map<string, TaskProgress>;
  joins: Map<string, JoinRecord>;
  /** The version of the workflow that the run has moved to; null as long as it is the one that it began with. */
  version: number | null;
};

/**
 * Beside its progress, the journal says of a task in which epoch it was armed (0 where it is not among them), and when its
 * waiting is over; which mail is kept; and what became of dead letters. Most runs have none of it, and folding is to cost them nothing.
 */
export type FoldedRun = {
  progress: Progress;
  epochs: Map<string, number>;
  dueAts: Map<string, number>;
  kept: Set<string>;
  /** Why tasks had failed. */
  failures: Map<string, Failure>;
  letters: Map<string, Letter>;
  /** Attempts that had ended of tasks that were taken back since: up to which one, in which epoch. */
  past: Pick<UsageRecord, 'key' | 'epoch' | 'attempt'>[];
};

/** A run as of one of its steps, with all that a run needs to know that goes on from there (rules C3, C4). */
export type BranchPoint = {
  runId: string;
  /** Where the run is complete: steps of one decision that make sense only together are not parted (see `partOfNext`). */
  step: number;
  /** The version of the workflow that the run followed there; null where it has never moved to another one. */
  version: number | null;
  fold: FoldedRun;
  /** The rows, as they are now, of the tasks that had neither succeeded nor been skipped; some may be gone. */
  rows: ReadonlyMap<string, TaskRecord>;
  channels: ReadonlyMap<string, ChannelRecord>;
  /** Channels that the run has written in later steps, on whatever branch. */
  writtenLater: readonly string[];
  /** Kept mail, oldest first. */
  kept: readonly KeptMail[];
  /** Of each send that had not ended well those items that were not armed yet, by index. */
  items: ReadonlyMap<string, ReadonlyMap<number, Json>>;
};

/** Names the row of a task. */
export type FinishedTask = Pick<TaskRecord, 'key' | 'epoch'>;

/**
 * What a run goes on with: of another run, whose rows are copied, or of its own past, whose rows count again while all
 * others are superseded. Everything else is part of the decision like that of any other.
 */
export type Branch = { from: string; finished: readonly FinishedTask[]; kept: readonly string[] };

/** What a decision must see of a run beyond its head. */
export type Reads = {
  /** Keys of tasks (their outputs included) and of joins. */
  tasks: Set<string>;
  joins: Set<string>;
  channels: Set<string>;
  /** The run's input and config. */
  body: boolean;
  /** Every join of the run: one that is not shown has seen no edge end. */
  allJoins: boolean;
  /** Armed nodes that need no worker and were left over by an earlier transaction. */
  inline: boolean;
  /** Every task and join of the run: for rare, whole-run operations only. */
  everything: boolean;
  /** Every waiting task of the run. */
  waiting: boolean;
  /** Topics of kept mail. */
  kept: Set<string>;
  /** Pieces of the items of sends, `key chunk`. */
  chunks: Set<string>;
  /** Keys of sends whose items' outputs are wanted, in order. */
  items: Set<string>;
  /** The step that the run is to go on from; null: where it is. */
  branch: number | null;
};

/** A run as seen under its lock. A key that was asked for and is absent does not exist. */
export type RunSnapshot = {
  head: RunHead;
  tasks: Map<string, TaskRecord>;
  joins: Map<string, JoinRecord>;
  channels: Map<string, ChannelRecord>;
  body: { input: Json; config: Json } | null;
  mail: Mail[];
  /** Kept mail by topic, oldest first. */
  kept: Map<string, Mail[]>;
  /** Items of sends, by `key chunk`. */
  chunks: Map<string, Json[]>;
  /** Outputs of the items of sends, by the send's key; null for an item that gave none. */
  items: Map<string, Json[]>;
  /** The run at the step that it is to go on from, if that was asked for and is there. */
  branch: BranchPoint | null;
  /** Keys of left-over inline nodes, if they were asked for: the first of them, and their tasks are among `tasks`. */
  inline: string[];
  /** What was asked for when this was loaded. */
  reads: Reads;
};

/** What is to be written for one run, in the transaction that holds its lock, and what follows after the commit. */
export type Decision = {
  head: RunHead;
  steps: StepRecord[];
  /** Tasks that were touched; those whose keys are in `armed` are new rows. */
  tasks: TaskRecord[];
  armed: ReadonlySet<string>;
  takenBack: Pick<TaskRecord, 'key' | 'epoch'>[];
  joins: JoinRecord[];
  writes: ChannelWrite[];
  timersSet: TimerRecord[];
  timersCleared: { key: string; kind: TimerKind }[];
  usage: UsageRecord[];
  sentMail: SentMail[];
  keptMail: KeptMail[];
  chunks: ItemChunk[];
  /** Tasks of which the letter changes. */
  letters: Pick<TaskRecord, 'key' | 'epoch' | 'letter'>[];
  consumedMail: string[];
  /** Kept mail that is dealt with. */
  takenMail: string[];
  /** The run's own error and output, where they change. */
  ending: { error: TaskError | null; output?: Json } | null;
  /** Tasks to hand to workers. */
  ready: TaskRecord[];
  /** For each event, whether it passed the fence. */
  applied: boolean[];
  /** The run has ended and the rows of its live tasks are to be closed, a window at a time. */
  closes: boolean;
  /** Inline nodes are left over: decide again in another transaction. */
  goesOn: boolean;
  /** What the run goes on with of one that it branches off, or of its own past. */
  branch: Branch | null;
};
