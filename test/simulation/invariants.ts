/** What must hold of the rows after every commit, and of everything at the end (the guarantees of the design). */
import { compileGraph, LIVE_TASK, TERMINAL_RUN } from '@weft/engine/domain';
import type { Graph, TaskRecord } from '@weft/engine/domain';
import type { StoredRun } from '@weft/testing/mesh';
import { verifyRows } from '@weft/testing/rows';

import type { Effects } from './effects.ts';
import type { Services } from './services.ts';
import type { World } from './world.ts';

/** A run whose next timer is farther away rests. */
const HORIZON_MS = 60_000;
/** To fold a journal takes longer than to write it: so that there can be more worlds, most are not looked at all the time. */
const EVERY_COMMIT_IN = 4;

export class Invariants {
  readonly #world: World;
  readonly #services: Services;
  #commits = 0;
  readonly #graphs = new Map<string, Map<number, Graph>>();

  constructor(world: World, services: Services) {
    this.#world = world;
    this.#services = services;
  }

  /** Looks at runs that were committed to: at each commit in some worlds, and now and then in the others. */
  checkSome(runIds: readonly string[]): void {
    this.#commits += 1;
    if (this.#world.seed % EVERY_COMMIT_IN === 0 || this.#commits % EVERY_COMMIT_IN === 0) this.check(runIds);
  }

  /** The journal of each of these runs has no gaps, and folds to its rows; nothing of it is told twice (guarantees 2, 3, 5). */
  check(runIds: Iterable<string>): void {
    for (const id of runIds) {
      const run = this.#services.stores.runs.get(id);
      if (run) this.#guard(`run ${id}`, () => verifyRows(this.#versionsOf(run), run.rows));
    }
  }

  /** Whether nothing is left to do: every run has ended, or waits for something that will not come by itself. */
  isQuiet(): boolean {
    const { runs, inbox } = this.#services.stores;
    return inbox.asked().length === 0 && Array.from(runs.values()).every((run) => this.#rests(run));
  }

  /** Says of each run that does not rest what it does. */
  restless(): string[] {
    const { runs, inbox } = this.#services.stores;
    const stuck = Array.from(runs.values()).filter((run) => !this.#rests(run));
    return [
      ...inbox.asked().map((id) => `run ${id} is asked for, and was not started`),
      ...stuck.map(({ id, rows, hasEnded }) => {
        const live = rows.newestTasks().filter(({ status }) => LIVE_TASK.has(status));
        const tasks = live.map(({ key, status, waits, attempt }) => `${key} ${status} ${waits ?? ''}/${attempt}`);
        const mail = rows.mail.map(({ kind }) => kind);
        return `run ${id} (${rows.head.status}, ended ${hasEnded}): ${tasks.join('; ')}; mail ${mail.join()}`;
      }),
    ];
  }

  /** Every success that is journalled was returned by an executor that ran this very attempt (guarantee 4). */
  checkEffects({ all }: Effects): void {
    const returned = Map.groupBy(all, ({ taskId, attempt }) => `${taskId}/${attempt}`);
    for (const run of this.#services.stores.runs.values())
      for (const task of run.rows.tasks.filter(isExecuted)) {
        const names = [`${task.id}/${task.attempt}`, ...this.#leftBehind(run, task)];
        const outcomes = names.flatMap((name) => returned.get(name) ?? []).map(({ outcome }) => outcome);
        const isOne = outcomes.some((one) => one?.kind === 'succeeded' && same(one.output, task.output));
        if (isOne) continue;
        const what = `${task.key} of ${run.id} (${task.id}/${task.attempt})`;
        this.#world.violate(`${what} succeeded with ${JSON.stringify(task.output)}, which no executor gave`);
      }
  }

  /** Without faults every attempt is begun once, and nothing needs to be repaired. */
  checkFaultless({ all }: Effects): void {
    const names = all.map(({ taskId, attempt }) => `${taskId}/${attempt}`);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice) this.#world.violate(`${twice} was executed twice without any fault`);
  }

  /**
   * What was done before a replay or a fork, and waited then, goes on under another id, whose attempts are counted anew:
   * the attempts of this task under the ids that it had before.
   */
  #leftBehind({ rows, forkedFrom }: StoredRun, { key, id }: Pick<TaskRecord, 'key' | 'id'>): string[] {
    const others = rows.tasks.filter((task) => task.key === key && task.id !== id);
    const names = others.flatMap((other) => Array.from({ length: other.attempt }, (_, i) => `${other.id}/${i + 1}`));
    const before = forkedFrom && this.#services.stores.runs.get(forkedFrom.runId);
    return before ? [...names, ...this.#leftBehind(before, { key, id })] : names;
  }

  #rests(run: StoredRun): boolean {
    const { rows, hasEnded } = run;
    if (rows.mail.length > 0) return false;
    const live = rows.newestTasks().filter(({ status }) => LIVE_TASK.has(status));
    if (hasEnded) return live.length === 0 && rows.timers.size === 0;
    const now = this.#services.clock.now();
    const isComing = Array.from(rows.timers.values()).some(({ dueAt }) => dueAt < now + HORIZON_MS);
    return !isComing && live.every(({ status, detail }) => status === 'waiting' && this.#isOpen(detail));
  }

  /** A child that has ended has told its parent. */
  #isOpen(detail: TaskRecord['detail']): boolean {
    if (detail?.kind !== 'child') return true;
    const child = this.#services.stores.runs.get(detail.runId);
    return child !== undefined && !TERMINAL_RUN.has(child.rows.head.status);
  }

  #versionsOf({ rows }: StoredRun): Map<number, Graph> {
    const { name } = rows.head.workflow;
    const known = this.#graphs.get(name) ?? new Map<number, Graph>();
    this.#graphs.set(name, known);
    for (const stored of this.#services.stores.versionsOf(rows.head.workflow))
      if (!known.has(stored.ref.version)) known.set(stored.ref.version, compileGraph(stored.ref, stored.document));
    return known;
  }

  #guard(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#world.violate(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function isExecuted({ lane, status, attempt, detail }: TaskRecord): boolean {
  return lane !== null && status === 'succeeded' && attempt > 0 && detail === null;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}
