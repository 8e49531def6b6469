/**
 * A run while a decision is made: what it changes, and the journal steps that say so. Every change of a run's picture goes through
 * here and is a fact of the open step.
 */
import type { Json, Placement, TaskError, Usage } from '@weft/contract';

import type { Graph, GraphNode } from '../graph/graph.ts';
import { taskId } from '../ids.ts';
import { ownerOf } from '../task-key.ts';
import { freshTask } from './fresh.ts';
import { limitKeyOf } from './limit-key.ts';
import type { LimitKey } from './limit-key.ts';
import { advanceTask, applyJoin, applyJumps, applyRun, countTask } from './journal.ts';
import type {
  Fate,
  ItemChunk,
  JoinRecord,
  KeptMail,
  Letter,
  SentMail,
  TaskRecord,
  TimerKind,
  TimerRecord,
  UsageRecord,
} from './records.ts';
import { SeenRun } from './seen-run.ts';
import type { Facts, JoinFact, StepRecord, StepType, TaskFact } from './step-record.ts';
import { applySuperstep } from './superstep/fold.ts';

/** A task may have started this long ago without being written as running: the queue's timeout must not hit it. */
const UNSEEN_START_MS = 1000;

/** Inline steps that one transaction takes for one run; the rest goes on in the next (rule A11). */
const MAX_INLINE_STEPS = 100;

const NO_LIMIT_KEY: LimitKey = { kind: 'key', key: null };

const NOTHING_SPENT: Usage = { inputTokens: 0, outputTokens: 0, usd: 0 };

const NO_VERSIONS: ReadonlyMap<number, Graph> = new Map();

/** What is armed: which activation, what becomes of it without a worker, and the item that it is for. */
export type Activation = {
  key: string;
  fate: Fate | null;
  item?: Json;
  /** The breakpoint before the node was passed. */
  passes?: boolean;
  /** The task that was taken back for it: it is the same one, with its next attempt. */
  again?: TaskRecord;
};

/** What is added to a step. */
type Note = Pick<
  Facts,
  | 'jumps'
  | 'superstep'
  | 'kept'
  | 'mail'
  | 'answer'
  | 'by'
  | 'signal'
  | 'afterNode'
  | 'migrated'
  | 'goto'
  | 'writers'
  | 'placed'
  | 'note'
>;

/** What a step is about. */
export type StepSubject = {
  task?: TaskRecord;
  worker?: string | null;
  /** The step belongs to the one before it, whose ephemeral updates are still seen. */
  goesOn?: boolean;
};

export class WorkingRun extends SeenRun {
  readonly steps: StepRecord[] = [];
  readonly timersSet = new Map<string, TimerRecord>();
  readonly timersCleared = new Map<string, { key: string; kind: TimerKind }>();
  readonly usage: UsageRecord[] = [];
  readonly sentMail: SentMail[] = [];
  readonly keptMail: KeptMail[] = [];
  readonly chunks: ItemChunk[] = [];
  /** Keys of tasks whose letter changes. */
  readonly letters = new Set<string>();
  /** Keys of tasks and joins whose rows change; of tasks that this decision armed; and rows that it took back. */
  readonly changedTasks = new Set<string>();
  readonly changedJoins = new Set<string>();
  readonly armed = new Set<string>();
  readonly takenBack: Pick<TaskRecord, 'key' | 'epoch'>[] = [];
  /** Armed nodes that need no worker and are not settled yet, in order; and how many of them may still be. */
  readonly inline: string[] = [];
  inlineBudget = MAX_INLINE_STEPS;
  /** Sends of which an item has ended: they are gone on with once the event is dealt with. */
  readonly dueSends = new Set<string>();
  /** Versions that mail asks the run to move to, by number; those that do not exist are left out. */
  versions: ReadonlyMap<number, Graph> = NO_VERSIONS;
  /** Ids of kept mail that this decision has taken. */
  readonly takenMail: string[] = [];
  /** Tasks that are ready for a worker because of this decision. */
  readonly ready = new Set<string>();
  /** The run's own error and output, where this decision sets them. */
  ending: { error: TaskError | null; output?: Json } | null = null;

  /** Opens the next journal step; ephemeral updates of the step before are gone. */
  openStep(type: StepType, { task, worker, goesOn }: StepSubject = {}): void {
    // In superstep mode the next superstep sees them, whatever steps it has.
    if (!goesOn && !this.graph.superstep) this.state.forgetEphemeral();
    const step: StepRecord = {
      step: this.head.step + 1,
      parent: this.head.step,
      epoch: this.head.epoch,
      type,
      node: task?.node ?? null,
      key: task?.key ?? null,
      taskId: task?.id ?? null,
      attempt: task?.attempt ?? null,
      worker: worker ?? null,
      at: this.now,
      facts: { v: 1 },
    };
    this.head.step = step.step;
    this.steps.push(step);
  }

  /** Records a change of a task in the open step. Fields beside the fact are the row's own. */
  change(task: TaskRecord, fact: Omit<TaskFact, 'key'>, row?: Partial<TaskRecord>): void {
    const { key } = task;
    const whole: TaskFact = { key, ...fact };
    (this.#facts().tasks ??= []).push(whole);
    countTask(this.head, task, whole);
    this.ready.delete(key);
    if (fact.status === 'pending') {
      // What this decision has armed itself is not stored yet.
      if (!this.armed.delete(key)) this.takenBack.push({ key, epoch: task.epoch });
      this.tasks.delete(key);
      this.forgotten.add(key);
      return;
    }
    advanceTask(task, whole);
    if (fact.letter) this.putLetter(task, fact.letter);
    if (row) Object.assign(task, row);
    this.changedTasks.add(key);
  }

  putLetter(task: TaskRecord, letter: Letter): void {
    task.letter = letter;
    this.letters.add(task.key);
  }

  /** Arms an activation of a node in the open step. */
  arm(node: GraphNode, { key, fate, item = null, passes = false, again }: Activation): void {
    if (this.tasks.has(key)) throw new Error(`the task ${key} was armed already`);
    const task = this.#newTask(node, again ? { key, fate, item, again } : { key, fate, item });
    const stops = node.breaks.before && !fate && !passes;
    const letter = again?.letter;
    const fact: TaskFact = { key, status: task.status, attempt: task.attempt, ...(letter && { letter }) };
    if (letter) this.putLetter(task, letter);
    if (task.epoch !== this.head.epoch) fact.epoch = task.epoch;
    if (stops) Object.assign(fact, { status: 'waiting', waits: 'answer' } satisfies Partial<TaskFact>);
    (this.#facts().tasks ??= []).push(fact);
    countTask(this.head, undefined, fact);
    this.tasks.set(key, task);
    this.changedTasks.add(key);
    this.armed.add(key);
    if (!stops) {
      this.handOut(task);
      return;
    }
    advanceTask(task, fact);
    task.detail = {
      kind: 'question',
      id: this.questionId(key, 'before'),
      at: 'before',
      message: null,
      expiresAt: null,
    };
  }

  /** Writes the row of a task that has ended anew, since what is fixed when a task is armed changes. */
  renew(task: TaskRecord, node: GraphNode): void {
    const { key, status, attempt, failures, crashes, blamed, error } = task;
    this.change(task, { status: 'pending', attempt });
    const rest = { ...(blamed && { blamed }), ...(error && { error }), ...(task.letter && { letter: task.letter }) };
    const fact: TaskFact = { key, status, attempt, failures, crashes, ...rest };
    (this.#facts().tasks ??= []).push(fact);
    countTask(this.head, undefined, fact);
    const lane = node.type === 'task' ? node.lane : null;
    const seen = { readsAt: this.head.step, captured: this.capture(node), iterations: this.latestOf(node.resultReads) };
    const renewed = { ...task, lane, ...seen };
    this.tasks.set(key, renewed);
    if (task.letter) this.putLetter(renewed, task.letter);
    this.changedTasks.add(key);
    this.armed.add(key);
  }

  /** The id of a breakpoint's question; that of an interrupt is its task's. */
  questionId(key: string, at: 'before' | 'after'): string {
    return taskId(this.head.id, this.head.epoch, `${at} ${key}`);
  }

  /** Hands a task that is `ready` to the workers (again), or to the inline nodes that are due. */
  handOut(task: TaskRecord): void {
    if (task.lane === null) {
      this.inline.push(task.key);
      return;
    }
    task.readyAt = this.now;
    task.startedAt = null;
    task.worker = null;
    this.ready.add(task.key);
    const { queueTimeoutMs } = this.node(task.node);
    if (queueTimeoutMs !== null) this.setTimer(task, 'queue', this.now + queueTimeoutMs + UNSEEN_START_MS);
  }

  /** At most one timer of a kind stands for a task; a new one takes its place. */
  setTimer({ key, attempt }: TaskRecord, kind: TimerKind, dueAt: number): void {
    this.timersSet.set(`${kind} ${key}`, { key, kind, attempt, dueAt });
  }

  clearTimer(key: string, kind: TimerKind): void {
    this.timersSet.delete(`${kind} ${key}`);
    this.timersCleared.set(`${kind} ${key}`, { key, kind });
  }

  setJoin({ key, ended, taken, failed, fired }: JoinRecord): void {
    const fact: JoinFact = [key, ended, taken, failed, fired ? 1 : 0];
    (this.#facts().joins ??= []).push(fact);
    applyJoin(this, fact);
    this.changedJoins.add(key);
  }

  /** Writes a state key in the open step. The update was checked before. */
  write(channel: string, update: Json): void {
    if (this.state.write(channel, this.head.step, update)) (this.#facts().writes ??= []).push(channel);
  }

  /** Adds to the open step what it is about. */
  note({ jumps, superstep, kept, ...others }: Note): void {
    const facts = this.#facts();
    Object.assign(facts, others);
    if (jumps) {
      const { heads, latest } = jumps;
      facts.jumps = {
        ...facts.jumps,
        ...(heads && { heads: { ...facts.jumps?.heads, ...heads } }),
        ...(latest && { latest: { ...facts.jumps?.latest, ...latest } }),
      };
      applyJumps(this.head, jumps);
    }
    if (superstep) {
      const runs = { ...facts.superstep?.runs, ...superstep.runs };
      facts.superstep = { ...facts.superstep, ...superstep, runs };
      applySuperstep(this.head, superstep);
    }
    if (kept !== undefined) {
      facts.kept = kept;
      this.head.kept = kept;
    }
  }

  /** Begins the next generation of what lies downstream of the node, the node included. */
  raise(name: string): void {
    this.note({ jumps: { heads: { [name]: (this.head.jumps?.heads[name] ?? 0) + 1 } } });
  }

  /** Changes the run itself in the open step. */
  changeRun(fact: NonNullable<Facts['run']>): void {
    const facts = this.#facts();
    facts.run = { ...facts.run, ...fact };
    applyRun(this, fact);
  }

  /** Usage is kept once for each attempt, however often it is reported, and whoever reports it. */
  spend(
    { key, epoch, attempt }: Pick<UsageRecord, 'key' | 'epoch' | 'attempt'>,
    { usage, placed }: { usage?: Usage; placed?: Placement },
  ): void {
    if (placed) this.usage.push({ key, epoch, attempt, usage: usage ?? NOTHING_SPENT, placed });
    else if (usage) this.usage.push({ key, epoch, attempt, usage });
  }

  /** Items of a superstep are armed while others of it settle already. */
  #readsAt(key: string, step: number): number {
    const superstep = this.head.jumps?.superstep;
    return superstep && ownerOf(key) ? superstep.since : step;
  }

  #newTask(node: GraphNode, { key, fate, item = null, again }: Activation): TaskRecord {
    const { id, step, priority } = this.head;
    const epoch = again?.epoch ?? this.head.epoch;
    const iterations = fate ? null : this.latestOf(node.resultReads);
    const seen = { readsAt: this.#readsAt(key, step), captured: fate ? null : this.capture(node), iterations, item };
    const limit = fate ? NO_LIMIT_KEY : limitKeyOf(this, node, { key, ...seen });
    if (limit.kind === 'failed') {
      const failed: Activation = { key, item, fate: { kind: 'fail', error: limit.error } };
      return this.#newTask(node, again ? { ...failed, again } : failed);
    }
    const needsWorker = node.type === 'task' && !fate;
    return freshTask({
      ...seen,
      key,
      epoch,
      id: taskId(id, epoch, key),
      node: node.name,
      attempt: again ? again.attempt + 1 : 1,
      readyAt: this.now,
      lane: needsWorker ? node.lane : null,
      priority: node.priority ?? priority,
      limitKey: limit.key,
      fate,
    });
  }

  #facts(): Facts {
    const step = this.steps.at(-1);
    if (!step) throw new Error('a change was recorded outside any step');
    return step.facts;
  }
}
