import type { RunHead } from '@weft/engine/domain';
import type { RunningMark, StrandedAttempt, TaskView } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { attemptOf, newRunId, settleOne, submitRun, task, unique } from './store-records.ts';
import { workerRecord } from './fleet-store.ts';

/** Started tasks, and those that nobody runs any more (rule A6). */
export function dispatchRunning(stores: () => StoresUnderTest): void {
  function mark(runId: string, key: string, parts: Partial<RunningMark> = {}): RunningMark {
    return { ...attemptOf(runId, key), worker: 'w1', startedMsAgo: 250, dueInMs: 60_000, ...parts };
  }

  function ready(...keys: string[]): Promise<RunHead> {
    return submitRun(stores(), { tasks: (runId) => keys.map((key) => task(runId, key)), offered: keys });
  }

  async function view(runId: string, key: string): Promise<TaskView | undefined> {
    return (await stores().reader.tasksByKey(runId, [key]))[0];
  }

  describe('writes started tasks as running', () => {
    test('A6: with their worker, since when and until when', async () => {
      const { id } = await ready('a#0', 'b#0');
      const lost = await stores().dispatch.markRunning([mark(id, 'a#0'), mark(id, 'b#0', { worker: 'w2' })]);

      expect(lost).toEqual([]);
      const a = await view(id, 'a#0');
      expect(a).toMatchObject({ status: 'running', worker: 'w1', attempt: 1 });
      expect((a?.deadline ?? 0) - (a?.startedAt ?? 0)).toBeCloseTo(60_250, -2);
      expect(await view(id, 'b#0')).toMatchObject({ status: 'running', worker: 'w2' });
    });

    test('A6: one that runs already is left as it is', async () => {
      const { id } = await ready('a#0');
      await stores().dispatch.markRunning([mark(id, 'a#0')]);
      const before = await view(id, 'a#0');

      expect(await stores().dispatch.markRunning([mark(id, 'a#0', { startedMsAgo: 9, dueInMs: 9 })])).toEqual([]);
      expect(await view(id, 'a#0')).toEqual(before);
    });

    test('A6: a worker that goes on under another id keeps what it runs', async () => {
      const { id } = await ready('a#0');
      await stores().dispatch.markRunning([mark(id, 'a#0')]);
      const before = await view(id, 'a#0');

      expect(await stores().dispatch.markRunning([mark(id, 'a#0', { worker: 'w1.2' })])).toEqual([]);
      expect(await view(id, 'a#0')).toMatchObject({ worker: 'w1.2', startedAt: before?.startedAt });
    });

    test('A6: a deadline that is not known at first is written as soon as it is', async () => {
      const { id } = await ready('a#0');
      await stores().dispatch.markRunning([mark(id, 'a#0', { dueInMs: Number.POSITIVE_INFINITY })]);
      expect(await view(id, 'a#0')).toMatchObject({ status: 'running', deadline: null });

      await stores().dispatch.markRunning([mark(id, 'a#0')]);
      expect((await view(id, 'a#0'))?.deadline).toBeGreaterThan(0);
    });

    test('A6: attempts that are not current any more are told, and change nothing', async () => {
      const parts = { attempt: 3, epoch: 0 };
      const { id } = await submitRun(stores(), {
        tasks: (runId) => [
          task(runId, 'a#0', parts),
          task(runId, 'done#0', { ...parts, status: 'succeeded', settledStep: 1, settledAt: 1 }),
          task(runId, 'waiting#0', { ...parts, status: 'waiting' }),
        ],
        head: { epoch: 2 },
      });
      const current = { attempt: 3, runEpoch: 2 };
      const lost = [
        mark(id, 'a#0', { ...current, attempt: 2 }),
        mark(id, 'a#0', { ...current, runEpoch: 1 }),
        mark(id, 'a#0', { ...current, taskEpoch: 1 }),
        mark(id, 'done#0', current),
        mark(id, 'waiting#0', current),
        mark(id, 'unknown#0', current),
        mark(newRunId(), 'a#0', current),
      ];
      const told = await stores().dispatch.markRunning(lost.filter(({ runEpoch }) => runEpoch === 2));
      expect(told).toHaveLength(6);
      expect((await view(id, 'a#0'))?.status).toBe('ready');

      const attempts = lost.map(({ runId, key, taskEpoch, runEpoch, attempt }) => ({
        runId,
        key,
        taskEpoch,
        runEpoch,
        attempt,
      }));
      expect(await stores().dispatch.markRunning(lost)).toEqual(expect.arrayContaining(attempts));
    });

    test('A13: an attempt of a run that has ended is lost', async () => {
      const { id } = await ready('a#0');
      await settleOne(stores(), id, (_, next) => ({ head: { ...next, status: 'cancelled', epoch: 1 } }));

      expect(await stores().dispatch.markRunning([mark(id, 'a#0')])).toEqual([attemptOf(id, 'a#0')]);
    });

    test('A9: a row that a settle holds is passed over and not called lost', async () => {
      const { dispatch, hold } = stores();
      const [held, free] = [await ready('a#0'), await ready('a#0')];
      const release = await hold(held.id);
      const lost = await dispatch.markRunning([mark(held.id, 'a#0'), mark(free.id, 'a#0')]);
      await release();

      expect(lost).toEqual([]);
      expect((await view(held.id, 'a#0'))?.status).toBe('ready');
      expect((await view(free.id, 'a#0'))?.status).toBe('running');
      await dispatch.markRunning([mark(held.id, 'a#0')]);
      expect((await view(held.id, 'a#0'))?.status).toBe('running');
    });

    test("F22: an attempt that is said to be another tenant's is lost, and not written", async () => {
      const { id, workflow } = await ready('a#0', 'b#0');
      const lost = await stores().dispatch.markRunning([
        mark(id, 'a#0', { tenant: 'globex' }),
        mark(id, 'b#0', { tenant: workflow.tenant }),
      ]);

      expect(lost).toEqual([attemptOf(id, 'a#0')]);
      expect((await view(id, 'a#0'))?.status).toBe('ready');
      expect((await view(id, 'b#0'))?.status).toBe('running');
    });

    test('nothing to write is nothing lost', async () => {
      expect(await stores().dispatch.markRunning([])).toEqual([]);
    });
  });

  describe('finds attempts that nobody runs', () => {
    async function stranded(runId: string, graceMs = 2000): Promise<StrandedAttempt[]> {
      const all = await stores().dispatch.strandedAttempts({ graceMs, limit: 100_000 });
      return all.filter(({ task: { runId: of } }) => of === runId);
    }

    async function runningOn(worker: string, dueInMs = 60_000): Promise<string> {
      const { id } = await ready('a#0');
      await stores().dispatch.markRunning([mark(id, 'a#0', { worker, dueInMs })]);
      return id;
    }

    test('A6: those of workers that ended or were never heard of', async () => {
      const { fleet } = stores();
      const [alive, gone] = [workerRecord({ id: unique('alive') }), workerRecord({ id: unique('gone') })];
      await fleet.register(alive);
      await fleet.register(gone);
      const [kept, lost, unknown] = [await runningOn(alive.id), await runningOn(gone.id), await runningOn('nobody')];
      expect(await stranded(lost)).toEqual([]);
      await fleet.end([gone.id]);

      expect(await stranded(kept)).toEqual([]);
      expect(await stranded(lost)).toEqual([{ task: attemptOf(lost, 'a#0'), reason: 'worker_ended' }]);
      expect(await stranded(unknown)).toEqual([{ task: attemptOf(unknown, 'a#0'), reason: 'worker_ended' }]);
    });

    test('A6: what a worker began after it was declared ended is not stranded by that', async () => {
      const { fleet, elapse } = stores();
      const worker = workerRecord({ id: unique('back') });
      await fleet.register(worker);
      await fleet.end([worker.id]);
      await elapse(1000);
      const runId = await runningOn(worker.id, 5000);
      expect(await stranded(runId)).toEqual([]);

      await elapse(8000);
      expect(await stranded(runId)).toEqual([{ task: attemptOf(runId, 'a#0'), reason: 'overdue' }]);
    });

    test('A12: those that are past their deadline by more than the grace', async () => {
      const { fleet, elapse } = stores();
      const worker = workerRecord({ id: unique('late') });
      await fleet.register(worker);
      const runId = await runningOn(worker.id, 1000);
      await elapse(2500);
      expect(await stranded(runId)).toEqual([]);

      await elapse(1000);
      expect(await stranded(runId)).toEqual([{ task: attemptOf(runId, 'a#0'), reason: 'overdue' }]);
    });

    test('A13: none of a run that has ended, and no more than asked for', async () => {
      const runId = await runningOn('nobody');
      await settleOne(stores(), runId, (_, next) => ({ head: { ...next, status: 'failed' } }));
      expect(await stranded(runId)).toEqual([]);

      await runningOn('nobody');
      await runningOn('nobody');
      expect(await stores().dispatch.strandedAttempts({ graceMs: 0, limit: 1 })).toHaveLength(1);
    });
  });
}
