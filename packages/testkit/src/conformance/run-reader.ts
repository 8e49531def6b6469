import type { ChannelWrite, RunHead, StepRecord } from '@weft/engine/domain';
import type { RunFilter } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import type { OpenStores } from './opened-stores.ts';
import { openStoresOnce } from './opened-stores.ts';
import { readsCheckpoints } from './run-reader-checkpoints.ts';
import { readsComparisons } from './run-reader-comparing.ts';
import { readsResults } from './run-reader-results.ts';
import { readsWaiting } from './run-reader-waiting.ts';
import { arming, newRunId, settleOne, step, submitRun, task, unique, valuesOf } from './store-records.ts';
import type { NewRunParts } from './store-records.ts';

/** What every RunReader promises. */
export function runReaderConformance(name: string, open: OpenStores): void {
  describe(`the run reader ${name}`, () => {
    const stores = openStoresOnce(open);
    readsRuns(stores);
    readsTasks(stores);
    readsJournal(stores);
    readsCheckpoints(stores);
    readsResults(stores);
    readsComparisons(stores);
    readsWaiting(stores);
  });
}

function readsRuns(stores: () => StoresUnderTest): void {
  describe('reads runs', () => {
    test('by id and tenant; what is no id is no run', async () => {
      const { reader } = stores();
      const head = await submitRun(stores());

      expect((await reader.run('acme', head.id))?.head).toEqual(head);
      expect(await reader.run('globex', head.id)).toBeNull();
      expect(await reader.run('acme', newRunId())).toBeNull();
      expect(await reader.run('acme', 'no id')).toBeNull();
    });

    async function listed(filter: Omit<RunFilter, 'limit'>, limit = 100): Promise<string[]> {
      return (await stores().reader.runs({ ...filter, limit })).map(({ head }) => head.id);
    }

    /** The heads of these runs, of one tenant of their own, the newest first. */
    async function submitted(parts: NewRunParts[]): Promise<{ tenant: string; heads: RunHead[] }> {
      const tenant = unique('tenant');
      const heads: RunHead[] = [];
      for (const part of parts) {
        const workflow = { tenant, name: 'flow', version: 1, ...part.head?.workflow };
        heads.push(await submitRun(stores(), { ...part, head: { ...part.head, workflow: { ...workflow, tenant } } }));
      }
      return { tenant, heads: heads.toSorted((a, b) => (a.id < b.id ? 1 : -1)) };
    }

    test('of a tenant, the newest first, page by page', async () => {
      const { tenant, heads } = await submitted(Array.from({ length: 7 }, () => ({})));
      const ids = heads.map(({ id }) => id);
      const pages: string[] = [];
      for (let page = await listed({ tenant }, 3); page.length > 0;) {
        pages.push(...page);
        page = await listed({ tenant, beforeId: page.at(-1) ?? '' }, 3);
      }

      expect(pages).toEqual(ids);
      expect(await listed({ tenant: unique('nobody') })).toEqual([]);
    });

    test('by status, workflow, tag and age', async () => {
      const { tenant } = await submitted([
        { head: { status: 'failed' }, tags: ['a', 'b'] },
        { head: { status: 'succeeded', workflow: { tenant: '', name: 'shop', version: 2 } }, tags: ['b'] },
        { tags: ['{a}'] },
      ]);
      const count = async (filter: Partial<RunFilter>) => (await listed({ tenant, ...filter })).length;

      expect(await count({ statuses: ['failed', 'succeeded'] })).toBe(2);
      expect(await count({ statuses: [] })).toBe(0);
      expect(await count({ workflow: 'shop' })).toBe(1);
      expect(await count({ tag: 'b' })).toBe(2);
      expect(await count({ tag: '{a}' })).toBe(1);
      expect(await count({ tag: 'b', statuses: ['failed'] })).toBe(1);
      expect(await count({ createdAfter: Date.now() - 60_000 })).toBe(3);
      expect(await count({ createdAfter: Date.now() + 60_000 })).toBe(0);
    });

    test('how many are open, and how many of their tasks', async () => {
      const { reader } = stores();
      const before = await reader.counts();
      await submitted([{ tasks: (runId) => [task(runId, 'a#0'), task(runId, 'b#0')], offered: ['a#0'] }]);
      await submitted([
        { head: { status: 'interrupted' }, tasks: (runId) => [task(runId, 'a#0', { status: 'waiting' })] },
      ]);
      await submitted([{ head: { status: 'failed' } }]);

      const more = (now: Record<string, number>, then: Record<string, number>) =>
        Object.fromEntries(Object.entries(now).map(([status, n]) => [status, n - (then[status] ?? 0)]));
      const after = await reader.counts();
      expect(more(after.tasks, before.tasks)).toEqual({ ready: 2, waiting: 1 });
      expect(more(after.runs, before.runs)).toEqual({ running: 1, interrupted: 1 });
    });
  });
}

function readsTasks(stores: () => StoresUnderTest): void {
  describe('reads tasks', () => {
    test('in the order in which they were armed, page by page', async () => {
      const { reader } = stores();
      const tasks = (runId: string) => [
        ...['b', 'a', 'C'].map((key) => task(runId, `${key}#0`, { readsAt: 2 })),
        task(runId, 'z#0', { readsAt: 1 }),
        task(runId, 'a#0', { epoch: 1, readsAt: 9 }),
      ];
      const { id } = await submitRun(stores(), { tasks });
      const first = await reader.tasks(id, { limit: 3, after: null });
      const last = first.at(-1);
      const rest = await reader.tasks(id, { limit: 3, after: { readsAt: last?.readsAt ?? 0, key: last?.key ?? '' } });

      const names = [...first, ...rest].map(({ key, epoch }) => `${key} ${epoch}`);
      expect(names).toEqual(['z#0 0', 'C#0 0', 'a#0 0', 'b#0 0', 'a#0 1']);
    });

    test('by status', async () => {
      const tasks = (runId: string) => [task(runId, 'a#0'), task(runId, 'b#0', { status: 'waiting' })];
      const { id } = await submitRun(stores(), { tasks });

      const waiting = await stores().reader.tasks(id, { limit: 9, after: null, statuses: ['waiting'] });
      expect(waiting.map(({ key }) => key)).toEqual(['b#0']);
    });

    test('B6: by id and tenant, however many runs began in the same millisecond', async () => {
      const { reader } = stores();
      const { id } = await submitRun(stores(), { tasks: (runId) => [task(runId, 'a#0')] });
      const twin = `${id.slice(0, 24)}${'0'.repeat(12)}`;
      await submitRun(stores(), { head: { id: twin }, tasks: (runId) => [task(runId, 'a#0')] });
      const wanted = task(id, 'a#0').id;

      expect(await reader.task('acme', wanted)).toMatchObject({ id: wanted, runId: id, key: 'a#0', offeredAt: null });
      expect(await reader.task('globex', wanted)).toBeNull();
      expect(await reader.task('acme', task(newRunId(), 'a#0').id)).toBeNull();
      expect(await reader.task('acme', 'no id')).toBeNull();
    });

    test('with whether their result was computed for another task, as their step says', async () => {
      const keys = ['a#0', 'b#0'];
      const { id } = await submitRun(stores(), { tasks: (runId) => keys.map((key) => task(runId, key)) });
      const settled = (key: string, settledStep: number) => task(id, key, { status: 'succeeded', settledStep });
      const facts = (key: string, cached: boolean): StepRecord['facts'] => ({
        v: 1,
        tasks: [{ key, status: 'succeeded', attempt: 1, ...(cached && { cached }) }],
      });
      await settleOne(stores(), id, () => ({
        tasks: [settled('a#0', 2), settled('b#0', 3)],
        steps: [step(2, { facts: facts('a#0', true) }), step(3, { facts: facts('b#0', false) })],
      }));

      const listed = await stores().reader.tasks(id, { limit: 9, after: null });
      expect(listed.map(({ key, cached }) => [key, cached])).toEqual([
        ['a#0', true],
        ['b#0', false],
      ]);
    });

    test('by key, the newest activation', async () => {
      const tasks = (runId: string) => [
        task(runId, 'a#0', { epoch: 1 }),
        task(runId, 'a#0', { epoch: 3 }),
        task(runId, 'b#0'),
      ];
      const { id } = await submitRun(stores(), { tasks });

      const found = await stores().reader.tasksByKey(id, ['a#0', 'c#0']);
      expect(found.map(({ key, epoch }) => [key, epoch])).toEqual([['a#0', 3]]);
    });
  });
}

function readsJournal(stores: () => StoresUnderTest): void {
  describe('reads the journal', () => {
    test('step by step, whole, page by page', async () => {
      const { id } = await submitRun(stores());
      const whole = step(2, {
        epoch: 4,
        type: 'task_failed',
        node: 'a',
        key: 'a#0',
        taskId: task(id, 'a#0').id,
        attempt: 3,
        worker: 'w',
        at: Date.UTC(2026, 1, 1, 0, 0, 0, 1),
        facts: { v: 1, tasks: [{ key: 'a#0', status: 'failed', attempt: 3 }], writes: ['x'] },
      });
      await settleOne(stores(), id, () => ({ steps: [whole] }));
      await settleOne(stores(), id);

      expect(await stores().reader.steps(id, { afterStep: 1, limit: 1 })).toEqual([whole]);
      const rest = await stores().reader.steps(id, { afterStep: 2, limit: 9 });
      expect(rest.map((record) => record.step)).toEqual([3]);
    });

    const write = (at: number, kind: ChannelWrite['kind'], value: number, channel = 'c') =>
      ({ channel, step: at, kind, value }) as const;

    async function written(writes: ChannelWrite[]): Promise<string> {
      const { id } = await submitRun(stores());
      for (const one of writes) await settleOne(stores(), id, () => ({ writes: [one] }));
      return id;
    }

    test('C2: what steps wrote to the state; a compaction writes nothing new', async () => {
      const own = [write(2, 'delta', 1), write(3, 'delta', 2), write(3, 'base', 9, 'd'), write(4, 'delta', 3)];
      const id = await written([...own, write(3, 'base', 3)]);

      expect(await stores().reader.writes(id, { fromStep: 0, toStep: 99 })).toEqual(own);
      expect(await stores().reader.writes(id, { fromStep: 3, toStep: 3 })).toEqual(own.slice(1, 3));
    });

    test('C2: the channels as they were at any step', async () => {
      const writes = [write(2, 'delta', 1), write(3, 'base', 10), write(4, 'delta', 2), write(5, 'delta', 3)];
      const id = await written([...writes, write(4, 'base', 12)]);
      const at = async (of: number | null) => valuesOf((await stores().reader.channels(id, of)).get('c'));

      expect(await at(1)).toBeUndefined();
      expect(await at(2)).toEqual({ base: undefined, deltas: [1] });
      expect(await at(3)).toEqual({ base: 10, deltas: [] });
      expect(await at(4)).toEqual({ base: 12, deltas: [] });
      expect(await at(5)).toEqual({ base: 12, deltas: [3] });
      expect(await at(null)).toEqual({ base: 12, deltas: [3] });
    });

    test('the joins of a run, by key', async () => {
      const { id } = await submitRun(stores());
      const joins = ['b#0', 'a#0'].map((key) => ({ key, ended: 2, taken: 1, failed: 1, fired: true }));
      await settleOne(stores(), id, () => ({ joins, ...arming([]) }));

      expect(await stores().reader.joins(id)).toEqual(joins.toReversed());
    });
  });
}
