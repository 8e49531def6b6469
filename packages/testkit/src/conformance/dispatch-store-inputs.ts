import type { TaskRecord } from '@weft/engine/domain';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { attemptOf, newRunId, settleOne, submitRun, task } from './store-records.ts';

/** What claimed tasks read (rule A7). */
export function dispatchInputs(stores: () => StoresUnderTest): void {
  const succeeded = (settledStep: number, output: TaskRecord['output']): Partial<TaskRecord> => ({
    status: 'succeeded',
    settledStep,
    settledAt: 1,
    output,
  });

  describe('loads the inputs of tasks', () => {
    test('A7: the run, the captured state, and the results that are named', async () => {
      const tasks = (runId: string) => [
        task(runId, 'a#0', succeeded(2, { n: 1 })),
        task(runId, 'b#0', succeeded(3, 'not named')),
        task(runId, 'c#0', { readsAt: 3, captured: { key: [1] } }),
        task(runId, 'd#0', { readsAt: 3 }),
      ];
      const { id } = await submitRun(stores(), { input: { i: 1 }, config: { c: 1 }, tasks });
      const body = { input: { i: 1 }, config: { c: 1 } };

      const materials = await stores().dispatch.loadInputs([
        { task: attemptOf(id, 'd#0'), nodes: [] },
        { task: attemptOf(id, 'c#0'), nodes: ['a', 'none'] },
      ]);
      expect(materials).toEqual([
        { ...body, captured: {}, item: null, nodes: {}, edit: null, memo: null },
        { ...body, captured: { key: [1] }, item: null, nodes: { a: { output: { n: 1 } } }, edit: null, memo: null },
      ]);
    });

    test("F22: nothing of a task that is said to be another tenant's", async () => {
      const { id, workflow } = await submitRun(stores(), { input: { i: 1 }, tasks: (runId) => [task(runId, 'd#0')] });
      const wanted = { task: attemptOf(id, 'd#0'), nodes: [] };

      const materials = await stores().dispatch.loadInputs([
        { ...wanted, tenant: 'globex' },
        { ...wanted, tenant: workflow.tenant },
      ]);
      expect(materials).toMatchObject([null, { input: { i: 1 } }]);
    });

    test('B4: each result in the iteration that the task reads, else in the first', async () => {
      const tasks = (runId: string) => [
        task(runId, 'a#0', succeeded(1, 'first')),
        task(runId, 'a#2', succeeded(2, 'third')),
        task(runId, 'b#0', succeeded(1, 'only')),
        task(runId, 'c#1', { readsAt: 3, iterations: { a: 2, c: 1 } }),
        task(runId, 'd#0', { readsAt: 3 }),
      ];
      const { id } = await submitRun(stores(), { tasks });

      const materials = await stores().dispatch.loadInputs(
        ['c#1', 'd#0'].map((key) => ({ task: attemptOf(id, key), nodes: ['a', 'b', 'c'] })),
      );
      expect(materials.map((material) => material?.nodes)).toEqual([
        { a: { output: 'third' }, b: { output: 'only' } },
        { a: { output: 'first' }, b: { output: 'only' } },
      ]);
    });

    test('B7: a task of a send has its item', async () => {
      const items = { 's#0[0]/w#0': { n: 1 }, 's#0[1]/w#0': 'text', 's#0[2]/w#0': null };
      const tasks = (runId: string) => Object.entries(items).map(([key, item]) => task(runId, key, { item }));
      const { id } = await submitRun(stores(), { tasks });

      const wanted = Object.keys(items).map((key) => ({ task: attemptOf(id, key), nodes: [] }));
      const materials = await stores().dispatch.loadInputs(wanted);
      expect(materials.map((material) => material?.item)).toEqual(Object.values(items));
    });

    test('A7: a result that came after the task was readied is not seen', async () => {
      const tasks = (runId: string) => [
        task(runId, 'before#0', succeeded(5, 1)),
        task(runId, 'after#0', succeeded(6, 2)),
        task(runId, 'c#0', { readsAt: 5 }),
      ];
      const { id } = await submitRun(stores(), { tasks });

      const [material] = await stores().dispatch.loadInputs([
        { task: attemptOf(id, 'c#0'), nodes: ['before', 'after'] },
      ]);
      expect(material?.nodes).toEqual({ before: { output: 1 } });
    });

    test('A7: a failed result shows its error, a skipped one is null', async () => {
      const error = { code: 'c', message: 'm', retryable: false };
      const tasks = (runId: string) => [
        task(runId, 'failed#0', { ...succeeded(1, null), status: 'failed', error }),
        task(runId, 'skipped#0', { ...succeeded(1, null), status: 'skipped' }),
        task(runId, 'c#0'),
      ];
      const { id } = await submitRun(stores(), { tasks });

      const [material] = await stores().dispatch.loadInputs([
        { task: attemptOf(id, 'c#0'), nodes: ['failed', 'skipped'] },
      ]);
      expect(material?.nodes).toEqual({ failed: { output: null, error }, skipped: { output: null } });
    });

    test('A5: an attempt that is not current has no input; the others have theirs, in order', async () => {
      const tasks = (runId: string) => [
        task(runId, 'a#0', { attempt: 2 }),
        task(runId, 'done#0', succeeded(1, null)),
        task(runId, 'waiting#0', { status: 'waiting' }),
      ];
      const { id } = await submitRun(stores(), { tasks, head: { epoch: 1 } });
      const current = attemptOf(id, 'a#0', { attempt: 2, runEpoch: 1 });
      const stale = [
        { ...current, attempt: 1 },
        { ...current, runEpoch: 0 },
        { ...current, taskEpoch: 1 },
        { ...current, key: 'done#0', attempt: 1 },
        { ...current, key: 'waiting#0', attempt: 1 },
        { ...current, key: 'unknown#0' },
        { ...current, runId: newRunId() },
      ];

      const all = [...stale, current].map((of) => ({ task: of, nodes: ['done'] }));
      const materials = await stores().dispatch.loadInputs(all);
      expect(materials.slice(0, -1)).toEqual(stale.map(() => null));
      expect(materials.at(-1)).toMatchObject({ nodes: { done: { output: null } } });
    });

    test('A13: a run that has ended gives no input', async () => {
      const { id } = await submitRun(stores(), { tasks: (runId) => [task(runId, 'a#0')] });
      await settleOne(stores(), id, (_, next) => ({ head: { ...next, status: 'failed' } }));

      expect(await stores().dispatch.loadInputs([{ task: attemptOf(id, 'a#0'), nodes: [] }])).toEqual([null]);
    });

    test('the input and config of a run are left out where they are not read', async () => {
      const { id } = await submitRun(stores(), { tasks: (runId) => [task(runId, 's#0[0]/w#0', { item: 7 })] });
      const wanted = { task: attemptOf(id, 's#0[0]/w#0'), nodes: [], body: false };

      expect(await stores().dispatch.loadInputs([wanted])).toEqual([
        { input: null, config: null, captured: {}, item: 7, nodes: {}, edit: null, memo: null },
      ]);
    });

    test('a task that runs has its input still', async () => {
      const { id } = await submitRun(stores(), { tasks: (runId) => [task(runId, 'a#0')] });
      const attempt = attemptOf(id, 'a#0');
      await stores().dispatch.markRunning([{ ...attempt, worker: 'w', startedMsAgo: 0, dueInMs: 1000 }]);

      expect(await stores().dispatch.loadInputs([{ task: attempt, nodes: [] }])).toMatchObject([{ input: {} }]);
    });
  });
}
