/** One prune: mark what is to go, drop the partitions of which little stays, delete the rest window by window. */
import { setTimeout as pause } from 'node:timers/promises';

import type { Archive, PruneRequest, Pruned, RetentionRule } from '@weft/engine/ports';

import { archiveRuns, settleArchives } from './archive-runs.ts';
import { deleteRuns, dropStrayMail, takeWindow } from './delete-runs.ts';
import type { Deleted, Doomed } from './delete-runs.ts';
import { markWeek } from './mark.ts';
import { countWeeks, groupWeeks, retireWeeks } from './retire-weeks.ts';
import { writeRules } from './rules.ts';
import { bytesOfDoomed } from './run-bytes.ts';
import type { Session } from './session.ts';
import { columnsOf, weeksOf } from './weeks.ts';
import type { Week } from './weeks.ts';

/** `request`: null for what the policies say, of all tenants. */
export type PruneOrder = { request: PruneRequest | null; fallback: RetentionRule | null; archive: Archive | null };

/** How many runs an archive file holds at most. */
const FILE_RUNS = 5000;
const LOCK_TRIES = 10;
const LOCK_PAUSE_MS = 250;

export async function runPrune(session: Session, order: PruneOrder): Promise<Pruned> {
  return new Prune(session, order).run();
}

class Prune {
  readonly #session: Session;
  readonly #order: PruneOrder;
  readonly #endsAt: number;
  readonly #total: Pruned = { runs: 0, bytes: 0, archived: 0, isDone: true };

  constructor(session: Session, order: PruneOrder) {
    this.#session = session;
    this.#order = order;
    this.#endsAt = performance.now() + (order.request?.budgetMs ?? Number.POSITIVE_INFINITY);
  }

  async run(): Promise<Pruned> {
    const { request, fallback, archive } = this.#order;
    const session = this.#session;
    if (archive) await settleArchives(session, archive, await archive.provisional());
    const [clock] = await session.rows<{ now: string }>('select clock_timestamp()::text as now');
    await writeRules(session, { request, fallback, hasArchive: archive !== null });
    const weeks = await this.#mark();
    if (request?.dryRun) return { ...this.#total, ...(await bytesOfDoomed(session)) };
    await this.#retire(weeks, clock?.now ?? '');
    await this.#sweep();
    await dropStrayMail(session);
    return this.#total;
  }

  /** Gives the weeks that are past; only their partitions can be dropped. */
  async #mark(): Promise<Week[]> {
    const { request } = this.#order;
    const [rules] = await this.#session.rows<{ n: number }>('select count(*)::int as n from rule');
    if (rules?.n === 0) return [];
    const weeks = await weeksOf(this.#session, 'run');
    for (const week of weeks) {
      if (this.#isOver()) break;
      await markWeek(this.#session, { week, statuses: request?.statuses ?? null, isPatient: request === null });
    }
    await this.#session.rows('analyze doomed');
    const now = Date.now();
    return weeks.filter(({ to }) => Number.parseInt(to.replaceAll('-', '').slice(0, 12), 16) <= now);
  }

  async #retire(weeks: readonly Week[], markedAt: string): Promise<void> {
    if (weeks.length === 0) return;
    for (const group of groupWeeks(await countWeeks(this.#session, weeks))) {
      if (this.#isOver()) return;
      const names = group.map(({ name }) => name);
      const files = await this.#archiveWeeks(names);
      const retired = await this.#retireWhenFree(group, markedAt);
      await this.#settle(files);
      if (retired === 'locked') continue;
      this.#add(retired);
      await this.#session.rows('delete from doomed where week = any($1)', [names]);
    }
  }

  async #retireWhenFree(group: readonly Week[], markedAt: string): Promise<Deleted | 'locked'> {
    for (let tries = 1; ; tries++) {
      const retired = await retireWeeks(this.#session, group, markedAt);
      if (retired !== 'locked' || tries === LOCK_TRIES || this.#isOver()) return retired;
      await pause(LOCK_PAUSE_MS);
    }
  }

  async #archiveWeeks(names: string[]): Promise<string[]> {
    const { archive } = this.#order;
    const files: string[] = [];
    for (let after = '00000000-0000-0000-0000-000000000000'; archive;) {
      const runs = await this.#session.rows<Doomed>(
        `select id, epoch, step, archive from doomed where week = any($1) and archive and id > $2
          order by id limit ${FILE_RUNS}`,
        [names, after],
      );
      if (runs.length === 0) break;
      files.push(await archiveRuns(this.#session, archive, runs));
      after = runs.at(-1)?.id ?? after;
    }
    return files;
  }

  async #sweep(): Promise<void> {
    const isPatient = this.#order.request === null;
    const columns = await columnsOf(this.#session);
    for (;;) {
      const windows: Doomed[][] = [];
      let runs = 0;
      while (runs < FILE_RUNS) {
        const window = await takeWindow(this.#session, isPatient);
        if (window.length === 0) break;
        windows.push(window);
        runs += window.length;
        if (!window.some(({ archive }) => archive)) break;
      }
      if (windows.length === 0) return;
      await this.#deleteWindows(windows, columns);
      if (!this.#isOver()) continue;
      this.#total.isDone = false;
      return;
    }
  }

  /** What is archived together goes before the next file is begun. */
  async #deleteWindows(windows: readonly Doomed[][], columns: ReadonlyMap<string, string[]>): Promise<void> {
    const { archive } = this.#order;
    const kept = windows.flat().filter((run) => run.archive);
    const files = archive && kept.length > 0 ? [await archiveRuns(this.#session, archive, kept)] : [];
    for (const window of windows) {
      const startedAt = performance.now();
      this.#add(await deleteRuns(this.#session, columns, window));
      // Nobody waits for housekeeping: it takes half the time, and leaves the other half.
      if (this.#order.request === null) await pause(performance.now() - startedAt);
    }
    await this.#settle(files);
  }

  async #settle(files: readonly string[]): Promise<void> {
    const { archive } = this.#order;
    if (archive) this.#total.archived += await settleArchives(this.#session, archive, files);
  }

  #add({ runs, bytes }: Deleted): void {
    this.#total.runs += runs;
    this.#total.bytes += bytes;
  }

  #isOver(): boolean {
    return this.#session.signal.aborted || performance.now() > this.#endsAt;
  }
}
