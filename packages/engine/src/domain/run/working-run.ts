/**
 * A run while a decision is made: the snapshot read under the lock, the changes so far, and the journal steps that say
 * them. Records are copied when first touched, so a decision that is abandoned (because it needs to see more, or because
 * the engine failed) leaves the snapshot as it was.
 */
import type { Json, JsonObject, StateKey, TaskError, Usage } from '@weft/contract';

import type { NodeResult } from '../expression/scope.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { taskId } from '../ids.ts';
import { writeKind } from '../state/check-update.ts';
import { applyWrite, defaultOf, foldChannel } from '../state/reducer.ts';
import { applyJoin, applyRun, applyTask } from './journal.ts';
import type { Facts, StepRecord, StepType, TaskFact } from './journal.ts';
import type {
  ChannelRecord,
  ChannelWrite,
  JoinRecord,
  Mail,
  Reads,
  RunHead,
  RunSnapshot,
  TaskRecord,
  TimerKind,
  TimerRecord,
  UsageRecord,
} from './records.ts';

/** Says that a decision must see more of the run; the store loads it and asks again. */
export class NeedsMore extends Error {
  readonly want: (reads: Reads) => void;

  constructor(want: (reads: Reads) => void) {
    super('the decision needs to see more of the run');
    this.want = want;
  }
}

/** A task may have started this long ago without being written as running: the queue's timeout must not hit it. */
const UNSEEN_START_MS = 1000;

const MAX_DELTAS = 1000;
const MIN_COMPACTED_BYTES = 64 * 1024;

/** Rule C2: deltas are folded into a new base when there are 1,000, or more bytes of them than of base, from 64 KiB on. */
function isLong({ deltas, deltaBytes, baseBytes }: ChannelRecord): boolean {
  return deltas.length >= MAX_DELTAS || deltaBytes > Math.max(baseBytes, MIN_COMPACTED_BYTES);
}

/** What a step is about. */
export type StepSubject = { task?: TaskRecord; attempt?: number; worker?: string | null };

export class WorkingRun {
  readonly graph: Graph;
  readonly snapshot: RunSnapshot;
  readonly now: number;
  readonly head: RunHead;
  readonly tasks = new Map<string, TaskRecord>();
  readonly joins = new Map<string, JoinRecord>();
  readonly steps: StepRecord[] = [];
  readonly writes: ChannelWrite[] = [];
  /** New bases in place of long rows of deltas; they say nothing new. */
  readonly compactions: ChannelWrite[] = [];
  readonly timersSet: TimerRecord[] = [];
  readonly timersCleared: { key: string; kind: TimerKind }[] = [];
  readonly usage: UsageRecord[] = [];
  readonly sentMail: Omit<Mail, 'id'>[] = [];
  /** Keys of tasks and joins whose rows change; of tasks that this decision armed; and rows that it took back. */
  readonly changedTasks = new Set<string>();
  readonly changedJoins = new Set<string>();
  readonly armed = new Set<string>();
  readonly takenBack: Pick<TaskRecord, 'key' | 'epoch'>[] = [];
  /** Armed nodes that need no worker and are not settled yet, in order. */
  readonly inline: string[] = [];
  /** Tasks that are ready for a worker because of this decision. */
  readonly ready = new Set<string>();
  /** The run's own error and output, where this decision sets them. */
  ending: { error: TaskError | null; output?: Json } | null = null;

  #absent = new Set<string>();
  #values = new Map<string, Json>();
  #ephemeral = new Map<string, Json>();

  constructor(graph: Graph, snapshot: RunSnapshot, now: number) {
    this.graph = graph;
    this.snapshot = snapshot;
    this.now = now;
    this.head = { ...snapshot.head };
    if (!snapshot.reads.everything) return;
    for (const key of snapshot.tasks.keys()) this.task(key);
    for (const key of snapshot.joins.keys()) this.join(key);
  }

  /** Nothing of it is stored yet, so there is nothing more to see. */
  get isNew(): boolean {
    return this.snapshot.head.step === 0;
  }

  node(name: string): GraphNode {
    const node = this.graph.nodes.get(name);
    if (!node) throw new Error(`the workflow has no node ${name}`);
    return node;
  }

  /** The task with this key, or undefined if none was armed. */
  task(key: string): TaskRecord | undefined {
    const known = this.tasks.get(key);
    if (known || this.#absent.has(key)) return known;
    const { reads, tasks } = this.snapshot;
    const loaded = tasks.get(key);
    if (!loaded) {
      if (!reads.everything && !reads.tasks.has(key)) throw new NeedsMore((more) => more.tasks.add(key));
      return undefined;
    }
    const copy = { ...loaded };
    this.tasks.set(key, copy);
    return copy;
  }

  join(key: string): JoinRecord | undefined {
    const known = this.joins.get(key);
    if (known) return known;
    const { reads, joins } = this.snapshot;
    const loaded = joins.get(key);
    if (!loaded) {
      if (!reads.everything && !reads.joins.has(key)) throw new NeedsMore((more) => more.joins.add(key));
      return undefined;
    }
    const copy = { ...loaded };
    this.joins.set(key, copy);
    return copy;
  }

  body(): { input: Json; config: Json } {
    if (!this.snapshot.body) throw new NeedsMore((more) => (more.body = true));
    return this.snapshot.body;
  }

  /** The node's settled result as the tasks see it that were readied by step `readsAt`; null if there is none yet. */
  result(name: string, readsAt: number): NodeResult | null {
    const task = this.task(`${name}#0`);
    if (!task || task.settledStep === null || task.settledStep > readsAt) return null;
    return { output: task.output, ...(task.error && { error: task.error }) };
  }

  /** The current value of a state key, with the ephemeral updates of the open step. */
  value(channel: string): Json {
    const schema = this.stateKey(channel);
    if (schema.ephemeral) return this.#ephemeral.get(channel) ?? defaultOf(schema);
    const known = this.#values.get(channel);
    if (known !== undefined) return known;
    const value = this.#foldedValue(channel, schema);
    this.#values.set(channel, value);
    return value;
  }

  stateKey(channel: string): StateKey {
    const schema = this.graph.state.get(channel);
    if (!schema) throw new Error(`the workflow declares no state key ${channel}`);
    return schema;
  }

  capture(channels: readonly string[]): JsonObject | null {
    if (channels.length === 0) return null;
    return Object.fromEntries(channels.map((channel) => [channel, this.value(channel)]));
  }

  /** Opens the next journal step; ephemeral updates of the step before are gone. */
  openStep(type: StepType, subject: StepSubject = {}): StepRecord {
    this.#ephemeral.clear();
    const { task } = subject;
    const step: StepRecord = {
      step: this.head.step + 1,
      parent: this.head.step,
      epoch: this.head.epoch,
      type,
      node: task?.node ?? null,
      key: task?.key ?? null,
      taskId: task?.id ?? null,
      attempt: subject.attempt ?? task?.attempt ?? null,
      worker: subject.worker ?? null,
      at: this.now,
      facts: { v: 1 },
    };
    this.head.step = step.step;
    this.steps.push(step);
    return step;
  }

  /** Records a change of a task in the open step. Fields beside the fact are the row's own. */
  change(fact: TaskFact, row: Partial<TaskRecord> = {}): void {
    const step = this.#open();
    const before = this.tasks.get(fact.key);
    (step.facts.tasks ??= []).push(fact);
    applyTask(this, fact);
    this.ready.delete(fact.key);
    this.changedTasks.add(fact.key);
    if (fact.status === 'pending') {
      if (before) this.takenBack.push({ key: before.key, epoch: before.epoch });
      this.#absent.add(fact.key);
    } else if (before) Object.assign(before, row);
  }

  /** Arms an activation of a node in the open step. */
  arm(key: string, node: GraphNode, row: Pick<TaskRecord, 'fate'>): TaskRecord {
    const step = this.#open();
    const needsWorker = node.type === 'task' && !row.fate;
    const epoch = this.head.epoch;
    this.change({ key, status: 'ready', attempt: 1 });
    const task: TaskRecord = {
      ...{ key, epoch, id: taskId(this.head.id, epoch, key), node: node.name },
      ...{ status: 'ready', attempt: 1, failures: 0, crashes: 0, blamed: false },
      ...{ readsAt: step.step, readyAt: this.now, captured: row.fate ? null : this.capture(node.stateReads) },
      ...{ lane: needsWorker ? node.lane : null, priority: node.priority ?? this.head.priority },
      ...{ fate: row.fate, output: null, error: null, settledStep: null, settledAt: null },
      ...{ startedAt: null, worker: null },
    };
    this.tasks.set(key, task); // in place of the bare progress that the fact has put there
    this.#absent.delete(key);
    this.armed.add(key);
    if (needsWorker) this.makeReady(task, node);
    else this.inline.push(key);
    return task;
  }

  /** Hands a task that is `ready` to the workers (again). */
  makeReady(task: TaskRecord, node: GraphNode): void {
    task.readyAt = this.now;
    task.startedAt = null;
    task.worker = null;
    this.ready.add(task.key);
    if (node.queueTimeoutMs === null) return;
    this.timersSet.push({
      ...{ key: task.key, kind: 'queue', attempt: task.attempt },
      dueAt: this.now + node.queueTimeoutMs + UNSEEN_START_MS,
    });
  }

  setJoin(join: JoinRecord): void {
    const step = this.#open();
    const fact = [join.key, join.ended, join.taken, join.failed, join.fired ? 1 : 0] as const;
    (step.facts.joins ??= []).push([...fact]);
    applyJoin(this, [...fact]);
    this.changedJoins.add(join.key);
  }

  /** Writes a state key in the open step. The update was checked before. */
  write(channel: string, update: Json): void {
    const step = this.#open();
    const schema = this.stateKey(channel);
    const reducer = schema.reducer ?? 'last_value';
    if (schema.ephemeral) {
      this.#ephemeral.set(channel, applyWrite(reducer, this.value(channel), update));
      return;
    }
    const kind = writeKind(reducer, update);
    const value = kind === 'base' ? applyWrite(reducer, undefined, update) : update;
    this.writes.push({ channel, step: step.step, kind, value });
    (step.facts.writes ??= []).push(channel);
    const known = kind === 'base' ? undefined : this.#values.get(channel);
    if (kind === 'base') this.#values.set(channel, value);
    else if (known !== undefined) this.#values.set(channel, applyWrite(reducer, known, update));
  }

  /** Changes the run itself in the open step. */
  changeRun(fact: NonNullable<Facts['run']>): void {
    this.#open().facts.run = fact;
    applyRun(this, fact);
  }

  spend(task: TaskRecord, attempt: number, usage: Usage | undefined): void {
    if (usage) this.usage.push({ key: task.key, epoch: task.epoch, attempt, usage });
  }

  #foldedValue(channel: string, schema: StateKey): Json {
    const { reads, channels } = this.snapshot;
    if (!this.isNew && !reads.channels.has(channel)) throw new NeedsMore((more) => more.channels.add(channel));
    const stored = channels.get(channel);
    const reducer = schema.reducer ?? 'last_value';
    const base = stored?.base === undefined ? defaultOf(schema) : stored.base;
    if (stored && isLong(stored)) {
      const value = foldChannel(reducer, base, stored.deltas);
      this.compactions.push({ channel, step: stored.lastStep, kind: 'base', value });
    }
    const ours = this.writes.filter((write) => write.channel === channel).map((write) => write.value);
    return foldChannel(reducer, base, [...(stored?.deltas ?? []), ...ours]);
  }

  #open(): StepRecord {
    const step = this.steps.at(-1);
    if (!step) throw new Error('a change was recorded outside any step');
    return step;
  }
}
