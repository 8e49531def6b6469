/**
 * A run while a decision is made: the snapshot read under the lock, the changes so far, and the journal steps that say
 * them. Records are copied when first touched, so a decision that is abandoned (because it needs to see more, or because
 * the engine failed) leaves the snapshot as it was.
 */
import type { Json, JsonObject, TaskError, Usage } from '@weft/contract';

import type { NodeResult } from '../expression/scope.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { taskId } from '../ids.ts';
import { ownerOf, rootOf } from '../task-key.ts';
import { asArmed } from './as-armed.ts';
import { freshTask } from './fresh.ts';
import { isStale, iterationOf } from './iterations.ts';
import { advanceTask, applyJoin, applyJumps, applyRun, countTask } from './journal.ts';
import { missingFrom, NeedsMore } from './reads.ts';
import type {
  Fate,
  ItemChunk,
  JoinRecord,
  KeptMail,
  Reads,
  RunHead,
  RunSnapshot,
  SentMail,
  TaskRecord,
  TimerKind,
  TimerRecord,
  UsageRecord,
} from './records.ts';
import { LIVE_TASK, TERMINAL_RUN } from './status.ts';
import type { Facts, JoinFact, StepRecord, StepType, TaskFact } from './step-record.ts';
import { WorkingState } from './working-state.ts';

/** A task may have started this long ago without being written as running: the queue's timeout must not hit it. */
const UNSEEN_START_MS = 1000;

/** Inline steps that one transaction takes for one run; the rest goes on in the next (rule A11). */
const MAX_INLINE_STEPS = 100;

/** Bounds loops where the document does not (rule B5). */
export const DEFAULT_MAX_STEPS = 1000;

/** What is armed: which activation, what becomes of it without a worker, and the item that it is for. */
export type Activation = {
  key: string;
  fate: Fate | null;
  item?: Json;
  /** The breakpoint before the node was passed. */
  passes?: boolean;
};

/** What a step is about. */
export type StepSubject = {
  task?: TaskRecord;
  worker?: string | null;
  /** The step belongs to the one before it, whose ephemeral updates are still seen. */
  goesOn?: boolean;
};

export class WorkingRun {
  readonly graph: Graph;
  readonly snapshot: RunSnapshot;
  readonly now: number;
  readonly head: RunHead;
  readonly state: WorkingState;
  readonly tasks = new Map<string, TaskRecord>();
  readonly joins = new Map<string, JoinRecord>();
  readonly steps: StepRecord[] = [];
  readonly timersSet = new Map<string, TimerRecord>();
  readonly timersCleared = new Map<string, { key: string; kind: TimerKind }>();
  readonly usage: UsageRecord[] = [];
  readonly sentMail: SentMail[] = [];
  readonly keptMail: KeptMail[] = [];
  readonly chunks: ItemChunk[] = [];
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
  /** Ids of kept mail that this decision has taken. */
  readonly takenMail: string[] = [];
  /** Tasks that are ready for a worker because of this decision. */
  readonly ready = new Set<string>();
  /** The run's own error and output, where this decision sets them. */
  ending: { error: TaskError | null; output?: Json } | null = null;

  #forgotten = new Set<string>();
  /** Outputs of sends that were put together: their rows hold none. */
  readonly #outputs = new WeakMap<TaskRecord, Json[]>();

  constructor(graph: Graph, snapshot: RunSnapshot, now: number) {
    this.graph = graph;
    this.snapshot = snapshot;
    this.now = now;
    this.head = { ...snapshot.head };
    this.state = new WorkingState(graph, snapshot);
    if (!snapshot.reads.everything) return;
    for (const key of snapshot.tasks.keys()) this.task(key);
    for (const key of snapshot.joins.keys()) this.join(key);
  }

  get hasEnded(): boolean {
    return TERMINAL_RUN.has(this.head.status);
  }

  node(name: string): GraphNode {
    const node = this.graph.nodes.get(name);
    if (!node) throw new Error(`the workflow has no node ${name}`);
    return node;
  }

  /**
   * The task with this key, or undefined if none was armed. With the end of its run it was cancelled, whether or not its
   * row says so already.
   */
  task(key: string): TaskRecord | undefined {
    const known = this.tasks.get(key);
    if (known || this.#forgotten.has(key)) return known;
    const { reads, tasks, head } = this.snapshot;
    const stored = tasks.get(key);
    if (!stored) {
      if (!reads.everything && !reads.tasks.has(key) && !this.#isUnheardOf(key))
        throw new NeedsMore({ tasks: new Set([key]) });
      return undefined;
    }
    const copy = { ...stored };
    if (TERMINAL_RUN.has(head.status) && LIVE_TASK.has(copy.status)) {
      copy.status = 'cancelled';
      copy.waits = null;
    }
    this.tasks.set(key, copy);
    return copy;
  }

  join(key: string): JoinRecord | undefined {
    const known = this.joins.get(key);
    if (known) return known;
    const stored = this.snapshot.joins.get(key);
    if (!stored) {
      if (!this.seesJoin(key) && !this.#isUnheardOf(key)) throw new NeedsMore({ joins: new Set([key]) });
      return undefined;
    }
    const copy = { ...stored };
    this.joins.set(key, copy);
    return copy;
  }

  /** Whether it is known how far the join has come. */
  seesJoin(key: string): boolean {
    const { reads, head } = this.snapshot;
    return reads.allJoins || reads.everything || head.step === 0 || this.joins.has(key) || reads.joins.has(key);
  }

  body(): { input: Json; config: Json } {
    if (!this.snapshot.body) throw new NeedsMore({ body: true });
    return this.snapshot.body;
  }

  /** What of `wanted` was not asked for; of a run that is not stored yet there is nothing more to see. */
  missing(wanted: Reads): Reads | null {
    if (this.snapshot.head.step === 0) return null;
    return missingFrom(this.snapshot.reads, wanted, (key) => this.#isUnheardOf(key));
  }

  /** Asks for all that is missing in one round. */
  expect(wanted: Reads): void {
    const missing = this.missing(wanted);
    if (missing) throw new NeedsMore(missing);
  }

  /** How often loops have begun the node anew: the iteration of the activation that counts now (rule B4). */
  iterationOf(name: string): number {
    return iterationOf(this.graph, this.head.jumps, name);
  }

  /** The key of the node's activation at the top that counts now. */
  keyOf(name: string): string {
    return `${name}#${this.iterationOf(name)}`;
  }

  /** Whether a loop has gone back over the task: it arms nothing any more, and cannot jump, ask or fail the run (rule B4). */
  isStale(key: string): boolean {
    return isStale(this.graph, this.head.jumps, key);
  }

  /** The iterations of these nodes that settled last; null where each is the first. */
  latestOf(names: readonly string[]): TaskRecord['iterations'] {
    const { jumps } = this.head;
    if (!jumps) return null;
    const later = names.filter((name) => Object.hasOwn(jumps.latest, name));
    return later.length > 0 ? Object.fromEntries(later.map((name) => [name, jumps.latest[name] ?? 0])) : null;
  }

  /** Every task that waits now, in the order in which they were armed. */
  waitingTasks(): TaskRecord[] {
    const { reads, tasks } = this.snapshot;
    if (!reads.everything && !reads.waiting && this.snapshot.head.step > 0) throw new NeedsMore({ waiting: true });
    for (const { key, status } of tasks.values()) if (status === 'waiting') this.task(key);
    return Array.from(this.tasks.values())
      .filter(({ status }) => status === 'waiting')
      .toSorted(asArmed);
  }

  /** The node's settled result as the tasks see it that were readied by step `readsAt`; null if there is none yet. */
  result(name: string, { readsAt, iterations }: Pick<TaskRecord, 'readsAt' | 'iterations'>): NodeResult | null {
    const task = this.task(`${name}#${iterations?.[name] ?? 0}`);
    if (!task || task.settledStep === null || task.settledStep > readsAt) return null;
    return { output: this.outputOf(task), ...(task.error && { error: task.error }) };
  }

  /** A send's output is that of its items, in order: as stored, and as this decision has changed them. */
  outputOf(task: TaskRecord): Json {
    if (task.detail?.kind !== 'items' || task.status !== 'succeeded' || task.output !== null) return task.output;
    const known = this.#outputs.get(task);
    if (known) return known;
    const outputs = this.outputsOfItems(task, task.detail.total);
    this.#outputs.set(task, outputs);
    return outputs;
  }

  outputsOfItems(task: TaskRecord, total: number): Json[] {
    const { snapshot } = this;
    const stored = snapshot.items.get(task.key) ?? (snapshot.head.step === 0 ? [] : null);
    if (!stored) throw new NeedsMore({ items: new Set([task.key]) });
    const outputs = Array.from({ length: total }, (_, index) => stored[index] ?? null);
    for (const item of this.tasks.values()) {
      const owner = ownerOf(item.key);
      if (owner?.send === task.key) outputs[owner.item] = item.status === 'succeeded' ? this.outputOf(item) : null;
    }
    return outputs;
  }

  /** Opens the next journal step; ephemeral updates of the step before are gone. */
  openStep(type: StepType, { task, worker, goesOn }: StepSubject = {}): void {
    if (!goesOn) this.state.openStep();
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
  change(task: TaskRecord, fact: Omit<TaskFact, 'key'>, row: Partial<TaskRecord> = {}): void {
    const { key } = task;
    const whole: TaskFact = { key, ...fact };
    (this.#facts().tasks ??= []).push(whole);
    countTask(this.head, task, whole);
    this.ready.delete(key);
    if (fact.status === 'pending') {
      // What this decision has armed itself is not stored yet.
      if (!this.armed.delete(key)) this.takenBack.push({ key, epoch: task.epoch });
      this.tasks.delete(key);
      this.#forgotten.add(key);
      return;
    }
    advanceTask(task, whole);
    Object.assign(task, row);
    this.changedTasks.add(key);
  }

  /** Arms an activation of a node in the open step. */
  arm(node: GraphNode, { key, fate, item = null, passes = false }: Activation): void {
    if (this.tasks.has(key)) throw new Error(`the task ${key} was armed already`);
    const task = this.#newTask(node, { key, fate, item });
    const stops = node.breaks.before && !fate && !passes;
    const fact: TaskFact = { key, status: task.status, attempt: task.attempt };
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
  note({ jumps, kept, ...others }: Pick<Facts, 'jumps' | 'kept' | 'mail' | 'answer' | 'signal' | 'afterNode'>): void {
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

  /** What the node's expressions read of the state now; null if nothing. */
  capture(node: GraphNode): JsonObject | null {
    const values = this.state.capture(node.stateReads);
    return node.readsMeta ? { ...values, __meta: this.#meta(node) } : values;
  }

  /** The managed value `state.__meta`: counted in iterations of loops, not in journal steps (rule B5). */
  #meta({ name }: GraphNode): JsonObject {
    const { id, generations } = this.head;
    const left = (this.graph.document.maxSteps ?? DEFAULT_MAX_STEPS) - generations;
    return { step: generations, is_last_step: left <= 1, remaining_steps: left, run_id: id, node_name: name };
  }

  /** Usage is kept once for each attempt, however often it is reported, and whoever reports it. */
  spend({ key, epoch, attempt }: Omit<UsageRecord, 'usage'>, usage: Usage | undefined): void {
    if (usage) this.usage.push({ key, epoch, attempt, usage });
  }

  #newTask(node: GraphNode, { key, fate, item = null }: Activation): TaskRecord {
    const { id, epoch, step, priority } = this.head;
    const needsWorker = node.type === 'task' && !fate;
    return freshTask({
      key,
      epoch,
      id: taskId(id, epoch, key),
      node: node.name,
      readsAt: step,
      readyAt: this.now,
      lane: needsWorker ? node.lane : null,
      priority: node.priority ?? priority,
      captured: fate ? null : this.capture(node),
      item,
      iterations: fate ? null : this.latestOf(node.resultReads),
      fate,
    });
  }

  /** Whether the key is of an iteration that this decision itself has begun, so that the store knows nothing of it. */
  #isUnheardOf(key: string): boolean {
    const { jumps } = this.snapshot.head;
    if (this.head.jumps === jumps) return false;
    const { node, iteration } = rootOf(key);
    return iteration > iterationOf(this.graph, jumps, node);
  }

  #facts(): Facts {
    const step = this.steps.at(-1);
    if (!step) throw new Error('a change was recorded outside any step');
    return step.facts;
  }
}
