/**
 * A run's rows in memory, written exactly as decisions say and shown only as far as was asked for. What a real store
 * would refuse or silently bend (a row inserted twice, a step out of order) is an error here.
 */
import type { Json } from '@weft/contract';

import { rootOf } from '@weft/engine/domain';
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
} from '@weft/engine/domain';

import { ChannelRows } from './channel-rows.ts';
import { loadRows, mergeSnapshots } from './load-rows.ts';
import { copyPast, goBack } from './past-rows.ts';
import { TaskRows } from './task-rows.ts';
import { copy, frozen, mustBe, same } from './values.ts';

export type Loaded = { tasks: number; joins: number; channels: string[]; bodies: number };

export type KeptMail = Mail & { topic: string };

export class RunRows {
  head: RunHead;
  readonly body: NonNullable<RunSnapshot['body']>;
  readonly taskRows = new TaskRows();
  readonly tasks: TaskRecord[] = this.taskRows.all;
  /** Tasks that the run has gone on without. */
  readonly superseded: Set<TaskRecord> = this.taskRows.superseded;
  readonly joins = new Map<string, JoinRecord>();
  readonly steps: StepRecord[] = [];
  readonly #channels = new ChannelRows();
  readonly writes: ChannelWrite[] = this.#channels.all;
  /** Those among the writes that only stand for others. */
  readonly compactions: Set<ChannelWrite> = this.#channels.compactions;
  readonly timers = new Map<string, TimerRecord>();
  readonly usage = new Map<string, UsageRecord>();
  mail: Mail[] = [];
  /** Mail that is kept, with its topic; and mail that was sent to other runs. */
  kept: KeptMail[] = [];
  /** Kept mail that was dealt with. */
  readonly taken = new Set<string>();
  readonly sent: SentMail[] = [];
  readonly chunks = new Map<string, Json[]>();
  ending: Decision['ending'] = null;
  /** What decisions have been shown so far. */
  loaded: Loaded = { tasks: 0, joins: 0, channels: [], bodies: 0 };

  constructor(head: RunHead, body: NonNullable<RunSnapshot['body']>) {
    this.head = head;
    this.body = frozen(body);
  }

  /** The rows that `reads` names, frozen; mail is always seen. */
  load(reads: Reads): RunSnapshot {
    this.loaded.tasks += reads.everything ? 0 : reads.tasks.size;
    this.loaded.joins += reads.everything ? 0 : reads.joins.size;
    this.loaded.channels.push(...reads.channels);
    this.loaded.bodies += reads.body ? 1 : 0;
    return loadRows(this, reads);
  }

  /** Adds what a decision has asked for to what it has seen, as a store does within one transaction. */
  loadMore(known: RunSnapshot, reads: Reads): RunSnapshot {
    return mergeSnapshots(known, this.load(reads));
  }

  /** `past`: the rows of the run that this one is forked from. */
  apply(decision: Decision, past: RunRows | null = null): void {
    if (decision.steps.length > 0) this.head = copy(decision.head);
    else mustBe(same(decision.head, this.head), 'a head changed without a step');
    this.#branchOff(decision, past);
    this.#putTasks(decision);
    for (const join of decision.joins) this.joins.set(join.key, copy(join));
    this.#putSteps(decision);
    this.#putWrites(decision);
    for (const { key, kind } of decision.timersCleared) this.timers.delete(`${kind} ${key}`);
    this.putTimers(decision.timersSet);
    for (const spent of decision.usage) this.putUsage(spent);
    this.#putMail(decision);
    for (const { key, chunk, items } of decision.chunks) this.chunks.set(`${key} ${chunk}`, frozen(items));
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

  newestTasks(): TaskRecord[] {
    return this.taskRows.newest();
  }

  /** The newest activation under this very key. */
  taskOfKey(key: string): TaskRecord | undefined {
    return this.taskRows.ofKey(key);
  }

  find(key: string, epoch: number): TaskRecord | undefined {
    return this.taskRows.find(key, epoch);
  }

  /** What the items of a send gave, in order. */
  itemsOf(send: string): Json[] {
    return this.taskRows.itemsOf(send);
  }

  /** Writes an attempt as running, which a worker does for itself: no decision is needed, and no step tells of it. */
  markRunning(key: string, { worker, now }: { worker: string; now: number }): void {
    const task = this.taskRows.ofKey(key);
    if (task?.status === 'ready') Object.assign(task, { status: 'running', worker, startedAt: now });
  }

  /** The step of this number: those of a fork begin where it was forked. */
  stepAt(step: number): StepRecord | undefined {
    return this.steps[step - (this.steps[0]?.step ?? 1)];
  }

  hasStep(step: number): boolean {
    return this.stepAt(step) !== undefined;
  }

  channel(name: string, isSeen: (step: number) => boolean = () => true): ChannelRecord | undefined {
    return this.#channels.read(name, isSeen);
  }

  keptNow(): KeptMail[] {
    return this.kept.filter(({ id }) => !this.taken.has(id));
  }

  addWrite(write: ChannelWrite, compacts: boolean): void {
    this.#channels.put(write, compacts);
  }

  putTimers(timers: readonly TimerRecord[]): void {
    const names = timers.map(({ key, kind }) => `${kind} ${key}`);
    mustBe(new Set(names).size === names.length, 'one statement sets a timer twice');
    for (const timer of timers) this.timers.set(`${timer.kind} ${timer.key}`, copy(timer));
  }

  putUsage(spent: UsageRecord): void {
    const name = `${spent.key} ${spent.epoch} ${spent.attempt}`;
    if (!this.usage.has(name)) this.usage.set(name, copy(spent));
  }

  #branchOff({ branch, head }: Decision, past: RunRows | null): void {
    if (!branch) return;
    if (past) copyPast(this, past, branch, head.epoch);
    else goBack(this, branch);
    this.taskRows.indexAll();
  }

  #putTasks({ tasks, takenBack, armed }: Decision): void {
    const epochs = new Map(tasks.map(({ key, epoch }) => [key, epoch]));
    for (const { key, epoch } of takenBack)
      this.taskRows.takeBack({ key, epoch, isReplaced: epochs.get(key) === epoch });
    for (const task of tasks) this.taskRows.put(copy(task), armed.has(task.key));
  }

  #putSteps({ steps }: Decision): void {
    for (const step of steps) {
      const last = this.steps.at(-1)?.step ?? step.facts.from?.step ?? 0;
      mustBe(step.step === last + 1, `step ${step.step} follows step ${last}`);
      this.steps.push(copy(step));
    }
  }

  #putWrites({ steps, writes }: Decision): void {
    const first = steps[0]?.step ?? Number.POSITIVE_INFINITY;
    for (const write of copy(writes)) {
      const { channel, step } = write;
      this.addWrite(write, step < first);
      const isSaid = step < first || (this.stepAt(step)?.facts.writes?.includes(channel) ?? false);
      mustBe(isSaid, `step ${step} does not say that it wrote ${channel}`);
    }
  }

  #putMail({ sentMail, keptMail, consumedMail, takenMail }: Decision): void {
    for (const mail of sentMail) {
      if (mail.to === null) this.send(mail.kind, mail.payload, `own:${mail.kind}`);
      else this.sent.push(copy(mail));
    }
    for (const { id, topic } of keptMail) {
      const mail = this.mail.find((one) => one.id === id);
      if (!mail) throw new Error(`there is no mail ${id} to keep`);
      this.kept.push({ ...mail, topic });
      this.mail = this.mail.filter((one) => one.id !== id);
    }
    this.mail = this.mail.filter(({ id }) => !consumedMail.includes(id));
    for (const id of takenMail) this.taken.add(id);
  }

  #close(): void {
    const isClosed = this.taskRows.close();
    this.timers.clear();
    if (isClosed) this.mail = this.mail.filter(({ kind }) => kind !== 'close');
  }
}
