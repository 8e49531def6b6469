/**
 * A run's rows in memory, written exactly as decisions say and shown only as far as was asked for. What a real store
 * would refuse or silently bend (a row inserted twice, a step out of order) is an error here.
 */
import type { Json } from '@weft/contract';

import { emptyParts, mergeReads, noReads, ownerOf, rootOf } from '../../src/domain/index.ts';
import type {
  ChannelRecord,
  ChannelWrite,
  Decision,
  JoinRecord,
  Mail,
  MailKind,
  Reads,
  RunHead,
  RunSnapshot,
  SentMail,
  StepRecord,
  TaskRecord,
  TimerRecord,
  UsageRecord,
} from '../../src/domain/index.ts';

import { branchPointOf, copyPast, goBack } from './past-rows.ts';

/** Inline nodes shown to one decision, and tasks closed with one. */
const INLINE_WINDOW = 100;
const CLOSE_WINDOW = 2;

export type Loaded = { tasks: number; joins: number; channels: string[]; bodies: number };

export class RunRows {
  head: RunHead;
  readonly body: NonNullable<RunSnapshot['body']>;
  readonly tasks: TaskRecord[] = [];
  readonly joins = new Map<string, JoinRecord>();
  readonly steps: StepRecord[] = [];
  readonly writes: ChannelWrite[] = [];
  /** Those among the writes that only stand for others. */
  readonly compactions = new Set<ChannelWrite>();
  readonly timers = new Map<string, TimerRecord>();
  readonly usage = new Map<string, UsageRecord>();
  mail: Mail[] = [];
  /** Mail that is kept, with its topic; and mail that was sent to other runs. */
  kept: (Mail & { topic: string })[] = [];
  /** Kept mail that was dealt with. */
  readonly taken = new Set<string>();
  /** Tasks that the run has gone on without. */
  readonly superseded = new Set<TaskRecord>();
  readonly sent: SentMail[] = [];
  readonly chunks = new Map<string, Json[]>();
  ending: Decision['ending'] = null;
  /** What decisions have been shown so far. */
  loaded: Loaded = { tasks: 0, joins: 0, channels: [], bodies: 0 };

  constructor(head: RunHead, body: NonNullable<RunSnapshot['body']>) {
    this.head = head;
    this.body = body;
  }

  /** The rows that `reads` names, frozen; mail is always seen. */
  load(reads: Reads): RunSnapshot {
    const tasks = new Map<string, TaskRecord>();
    const inline = reads.inline ? this.#inline() : [];
    const wanted = new Set([...reads.tasks, ...inline]);
    for (const task of this.newestTasks()) {
      const isWaiting = reads.waiting && task.status === 'waiting';
      if (reads.everything || isWaiting || wanted.has(task.key)) tasks.set(task.key, frozen(this.#read(task)));
    }
    const joins = Array.from(this.joins.values()).filter((join) => reads.everything || reads.joins.has(join.key));
    const channels = Array.from(reads.channels, (name) => [name, this.channel(name)] as const);
    this.loaded.tasks += reads.everything ? 0 : reads.tasks.size;
    this.loaded.joins += reads.everything ? 0 : reads.joins.size;
    this.loaded.channels.push(...reads.channels);
    this.loaded.bodies += reads.body ? 1 : 0;
    return {
      ...emptyParts(mergedReads(reads)),
      head: frozen(this.head),
      tasks,
      joins: new Map(joins.map((join) => [join.key, frozen(join)])),
      channels: new Map(channels.flatMap(([name, channel]) => (channel ? [[name, frozen(channel)] as const] : []))),
      body: reads.body ? frozen(this.body) : null,
      mail: frozen(this.mail),
      kept: new Map(
        Array.from(reads.kept, (topic) => [topic, frozen(this.keptNow().filter((mail) => mail.topic === topic))]),
      ),
      chunks: new Map(Array.from(reads.chunks, (name) => [name, frozen(this.chunks.get(name) ?? [])])),
      items: new Map(Array.from(reads.items, (key) => [key, frozen(this.itemsOf(key))])),
      branch: reads.branch === null || !this.hasStep(reads.branch) ? null : branchPointOf(this, reads.branch),
      inline,
    };
  }

  /** Adds what a decision has asked for to what it has seen, as a store does within one transaction. */
  loadMore(known: RunSnapshot, reads: Reads): RunSnapshot {
    const more = this.load(reads);
    return {
      ...known,
      tasks: new Map([...known.tasks, ...more.tasks]),
      joins: new Map([...known.joins, ...more.joins]),
      channels: new Map([...known.channels, ...more.channels]),
      body: known.body ?? more.body,
      kept: new Map([...known.kept, ...more.kept]),
      chunks: new Map([...known.chunks, ...more.chunks]),
      items: new Map([...known.items, ...more.items]),
      branch: known.branch ?? more.branch,
      reads: mergedReads(known.reads, reads),
    };
  }

  /** `past`: the rows of the run that this one is forked from. */
  apply(decision: Decision, past: RunRows | null = null): void {
    if (decision.steps.length > 0) this.head = copy(decision.head);
    else mustBe(same(decision.head, this.head), 'a head changed without a step');
    const { branch } = decision;
    if (branch && past) copyPast(this, past, branch, decision.head.epoch);
    else if (branch) goBack(this, branch);
    const epochs = new Map(decision.tasks.map(({ key, epoch }) => [key, epoch]));
    for (const { key, epoch } of decision.takenBack)
      this.#takeBack({ key, epoch, isReplaced: epochs.get(key) === epoch });
    for (const task of decision.tasks) this.#put(copy(task), decision);
    for (const join of decision.joins) this.joins.set(join.key, copy(join));
    for (const step of decision.steps) {
      const last = this.steps.at(-1)?.step ?? step.facts.from?.step ?? 0;
      mustBe(step.step === last + 1, `step ${step.step} follows step ${last}`);
      this.steps.push(copy(step));
    }
    this.#putWrites(decision);
    for (const { key, kind } of decision.timersCleared) this.timers.delete(`${kind} ${key}`);
    this.#putTimers(decision.timersSet);
    for (const spent of decision.usage) this.#putUsage(spent);
    for (const mail of decision.sentMail) {
      if (mail.to === null) this.send(mail.kind, mail.payload, `own:${mail.kind}`);
      else this.sent.push(copy(mail));
    }
    for (const { id, topic } of decision.keptMail) {
      const mail = this.mail.find((one) => one.id === id);
      if (!mail) throw new Error(`there is no mail ${id} to keep`);
      this.kept.push({ ...mail, topic });
      this.mail = this.mail.filter((one) => one.id !== id);
    }
    this.mail = this.mail.filter(({ id }) => !decision.consumedMail.includes(id));
    for (const id of decision.takenMail) this.taken.add(id);
    for (const { key, chunk, items } of decision.chunks) this.chunks.set(`${key} ${chunk}`, copy(items));
    if (decision.ending) this.ending = copy(decision.ending);
    if (decision.closes) this.#close();
  }

  send(kind: MailKind, payload: Mail['payload'] = {}, id = `${kind} ${this.steps.length}`): void {
    if (!this.mail.some((mail) => mail.id === id)) this.mail.push({ id, kind, payload });
  }

  /** By its key, or the newest iteration of a node at the top. */
  task(node: string): TaskRecord {
    const own = this.newestTasks().filter(
      ({ key }) => key === node || (!key.includes('/') && key.startsWith(`${node}#`)),
    );
    const task = own.toSorted((a, b) => rootOf(b.key).iteration - rootOf(a.key).iteration)[0];
    if (!task) throw new Error(`no task of ${node} was armed`);
    return task;
  }

  /** Several epochs of one key can exist; the newest is the one that counts. */
  newestTasks(): TaskRecord[] {
    const newest = new Map<string, TaskRecord>();
    for (const task of this.tasks) {
      if (this.superseded.has(task)) continue;
      const known = newest.get(task.key);
      if (!known || known.epoch < task.epoch) newest.set(task.key, task);
    }
    return Array.from(newest.values());
  }

  /** A base stands for all that was written up to its step, a delta of the same step included. */
  channel(name: string, isSeen: (step: number) => boolean = () => true): ChannelRecord | undefined {
    const rows = this.writes.filter((write) => write.channel === name && isSeen(write.step));
    if (rows.length === 0) return undefined;
    const bases = rows.filter((row) => row.kind === 'base').toSorted((a, b) => a.step - b.step);
    const base = bases.at(-1);
    const deltas = rows
      .filter((row) => row.kind === 'delta' && row.step > (base?.step ?? -1))
      .toSorted((a, b) => a.step - b.step);
    return {
      base: base?.value,
      deltas: deltas.map((row) => row.value),
      lastStep: deltas.at(-1)?.step ?? base?.step ?? 0,
      deltaBytes: deltas.reduce((sum, row) => sum + JSON.stringify(row.value).length, 0),
      baseBytes: base ? JSON.stringify(base.value).length : 0,
    };
  }

  keptNow(): (Mail & { topic: string })[] {
    return this.kept.filter(({ id }) => !this.taken.has(id));
  }

  hasStep(step: number): boolean {
    return this.steps.some((one) => one.step === step);
  }

  /** What the items of a send gave, in order. */
  itemsOf(send: string): Json[] {
    const items: Json[] = [];
    for (const task of this.newestTasks()) {
      const owner = ownerOf(task.key);
      if (owner?.send === send) items[owner.item] = task.status === 'succeeded' ? this.#read(task).output : null;
    }
    return items;
  }

  /** A send's output is stored with its items only. */
  #read(task: TaskRecord): TaskRecord {
    if (task.detail?.kind !== 'items' || task.status !== 'succeeded') return task;
    return { ...task, output: this.itemsOf(task.key) };
  }

  #inline(): string[] {
    return this.tasks
      .filter((task) => task.status === 'ready' && task.lane === null)
      .toSorted((a, b) => a.readsAt - b.readsAt || (a.key < b.key ? -1 : 1))
      .slice(0, INLINE_WINDOW)
      .map(({ key }) => key);
  }

  find(key: string, epoch: number): TaskRecord | undefined {
    return this.tasks.find((task) => task.key === key && task.epoch === epoch);
  }

  /** A row that is armed anew in its epoch makes room; any other stays. */
  #takeBack({ key, epoch, isReplaced }: { key: string; epoch: number; isReplaced: boolean }): void {
    const index = this.tasks.findIndex((task) => task.key === key && task.epoch === epoch);
    const task = this.tasks[index];
    if (!task) throw new Error(`there is no task ${key} to take back`);
    if (isReplaced) {
      this.tasks.splice(index, 1);
      return;
    }
    this.superseded.add(task);
    if (isLive(task.status)) Object.assign(task, { status: 'cancelled', waits: null });
  }

  /** What is decided when a task is armed never changes again. */
  #put(task: TaskRecord, { armed }: Decision): void {
    const row = this.find(task.key, task.epoch);
    if (armed.has(task.key)) {
      mustBe(!row, `the task ${task.key} was armed twice`);
      this.tasks.push(task);
      return;
    }
    if (!row) throw new Error(`there is no task ${task.key} to change`);
    for (const fixed of [
      'id',
      'node',
      'readsAt',
      'lane',
      'priority',
      'captured',
      'fate',
      'item',
      'iterations',
    ] as const) {
      mustBe(same(task[fixed], row[fixed]), `${fixed} of ${task.key} changed`);
    }
    mustBe(task.attempt >= row.attempt, `the attempt of ${task.key} fell`);
    Object.assign(row, task);
  }

  #putWrites({ steps, writes }: Decision): void {
    const first = steps[0]?.step ?? Number.POSITIVE_INFINITY;
    for (const write of copy(writes)) {
      const twin = this.writes.find(
        ({ channel, step, kind }) => channel === write.channel && step === write.step && kind === write.kind,
      );
      mustBe(!twin, `${write.channel} is written twice in step ${write.step}`);
      this.writes.push(write);
      if (write.step < first) this.compactions.add(write);
      else mustBe(this.#saysWrite(write), `step ${write.step} does not say that it wrote ${write.channel}`);
    }
  }

  #saysWrite({ channel, step }: ChannelWrite): boolean {
    return this.steps.find((one) => one.step === step)?.facts.writes?.includes(channel) ?? false;
  }

  #putTimers(timers: readonly TimerRecord[]): void {
    const names = timers.map(({ key, kind }) => `${kind} ${key}`);
    mustBe(new Set(names).size === names.length, 'one statement sets a timer twice');
    for (const timer of timers) this.timers.set(`${timer.kind} ${timer.key}`, copy(timer));
  }

  #putUsage(spent: UsageRecord): void {
    const name = `${spent.key} ${spent.epoch} ${spent.attempt}`;
    if (!this.usage.has(name)) this.usage.set(name, copy(spent));
  }

  #close(): void {
    const live = this.tasks.filter(({ status }) => isLive(status));
    // Of many the window is larger, so that a test does not take as many decisions.
    const size = Math.max(CLOSE_WINDOW, Math.floor(live.length / 2));
    for (const task of live.slice(0, size)) Object.assign(task, { status: 'cancelled', waits: null });
    this.timers.clear();
    if (live.length < size) this.mail = this.mail.filter(({ kind }) => kind !== 'close');
  }
}

export function isLive(status: TaskRecord['status']): boolean {
  return status === 'ready' || status === 'running' || status === 'waiting';
}

/** Says what is broken, at the place where it broke. */
export function mustBe(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function mergedReads(...parts: Reads[]): Reads {
  const all = noReads();
  for (const part of parts) mergeReads(all, part);
  return all;
}

function copy<T>(value: T): T {
  return structuredClone(value);
}

function frozen<T>(value: T): T {
  return freeze(copy(value));
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const child of Object.values(value)) freeze(child);
  return Object.freeze(value);
}
