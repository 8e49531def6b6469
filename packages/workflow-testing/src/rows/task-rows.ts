/** The rows of a run's tasks: several epochs of one key can exist, and the newest is the one that counts. */
import type { Json } from '@weft/contract';
import { ownerOf } from '@weft/engine/domain';
import type { Reads, TaskRecord } from '@weft/engine/domain';

import { mustBe, same } from './values.ts';

/** Inline nodes shown to one decision, and tasks closed with one. */
const INLINE_WINDOW = 100;
const CLOSE_WINDOW = 2;
/** What is decided when a task is armed never changes again. */
const FIXED = ['id', 'node', 'readsAt', 'lane', 'priority', 'captured', 'fate', 'item', 'iterations'] as const;

export class TaskRows {
  readonly all: TaskRecord[] = [];
  /** Those that the run has gone on without. */
  readonly superseded = new Set<TaskRecord>();
  /** The same by epoch and key, and the newest of each key. */
  readonly #byName = new Map<string, TaskRecord>();
  readonly #newest = new Map<string, TaskRecord>();

  newest(): TaskRecord[] {
    return this.all.filter((task) => this.#newest.get(task.key) === task);
  }

  ofKey(key: string): TaskRecord | undefined {
    const task = this.#newest.get(key);
    return task && this.read(task);
  }

  find(key: string, epoch: number): TaskRecord | undefined {
    return this.#byName.get(`${epoch} ${key}`);
  }

  /** What the items of a send gave, in order. */
  itemsOf(send: string): Json[] {
    const items: Json[] = [];
    for (const task of this.#newest.values()) {
      const owner = ownerOf(task.key);
      if (owner?.send === send) items[owner.item] = task.status === 'succeeded' ? this.read(task).output : null;
    }
    return items;
  }

  /** A send's output is stored with its items only. */
  read(task: TaskRecord): TaskRecord {
    if (task.detail?.kind !== 'items' || task.status !== 'succeeded') return task;
    return { ...task, output: this.itemsOf(task.key) };
  }

  inline(): string[] {
    return this.all
      .filter((task) => task.status === 'ready' && task.lane === null)
      .toSorted((a, b) => a.readsAt - b.readsAt || (a.key < b.key ? -1 : 1))
      .slice(0, INLINE_WINDOW)
      .map(({ key }) => key);
  }

  wanted(reads: Reads, inline: readonly string[]): TaskRecord[] {
    if (reads.everything) return this.newest();
    const waiting = reads.waiting ? this.newest().filter(({ status }) => status === 'waiting') : [];
    const named = [...reads.tasks, ...inline].flatMap((key) => this.#newest.get(key) ?? []);
    return [...waiting, ...named];
  }

  put(task: TaskRecord, isArmed: boolean): void {
    const row = this.find(task.key, task.epoch);
    if (isArmed) {
      mustBe(!row, `the task ${task.key} was armed twice`);
      this.all.push(task);
      this.#index(task);
      return;
    }
    if (!row) throw new Error(`there is no task ${task.key} to change`);
    for (const fixed of FIXED) mustBe(same(task[fixed], row[fixed]), `${fixed} of ${task.key} changed`);
    mustBe(task.attempt >= row.attempt, `the attempt of ${task.key} fell`);
    Object.assign(row, task);
  }

  /** A row that is armed anew in its epoch makes room; any other stays. */
  takeBack({ key, epoch, isReplaced }: { key: string; epoch: number; isReplaced: boolean }): void {
    const index = this.all.findIndex((task) => task.key === key && task.epoch === epoch);
    const task = this.all[index];
    if (!task) throw new Error(`there is no task ${key} to take back`);
    if (isReplaced) this.all.splice(index, 1);
    else {
      this.superseded.add(task);
      if (isLive(task.status)) Object.assign(task, { status: 'cancelled', waits: null });
    }
    this.indexAll();
  }

  /** Cancels live tasks of a run that has ended, some at a time. Returns whether none is left. */
  close(): boolean {
    const live = this.all.filter(({ status }) => isLive(status));
    // Of many the window is larger, so that a test does not take as many decisions.
    const size = Math.max(CLOSE_WINDOW, Math.floor(live.length / 2));
    for (const task of live.slice(0, size)) Object.assign(task, { status: 'cancelled', waits: null });
    return live.length < size;
  }

  /** After rows were changed from outside. */
  indexAll(): void {
    this.#byName.clear();
    this.#newest.clear();
    for (const task of this.all) this.#index(task);
  }

  #index(task: TaskRecord): void {
    this.#byName.set(`${task.epoch} ${task.key}`, task);
    if (this.superseded.has(task)) return;
    const known = this.#newest.get(task.key);
    if (!known || known.epoch < task.epoch) this.#newest.set(task.key, task);
  }
}

export function isLive(status: TaskRecord['status']): boolean {
  return status === 'ready' || status === 'running' || status === 'waiting';
}
