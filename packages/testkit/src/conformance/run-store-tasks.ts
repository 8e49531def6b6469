import type { TaskRecord } from '@weft/engine/domain';
import type { TaskView } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { arming, attemptOf, look, newRunId, plan, reads, settleOne, submitRun, task } from './store-records.ts';

const CLOSE_WINDOW = 1000;

export function runStoreTasks(stores: () => StoresUnderTest): void {
  async function tasksOf(runId: string): Promise<Map<string, TaskView>> {
    const tasks = await stores().reader.tasks(runId, { limit: 20_000, after: null });
    return new Map(tasks.map((view) => [view.key, view]));
  }

  function rewrite(runId: string, parts: Partial<TaskRecord>, offered: string[] = []) {
    const change = { runId, reads: reads({ tasks: ['a#0'] }) };
    return stores().runs.settle(
      [
        {
          ...change,
          decide({ snapshot }) {
            const known = snapshot.tasks.get('a#0');
            if (!known) throw new Error('there is no task');
            const next = { ...snapshot.head, step: snapshot.head.step + 1 };
            return { kind: 'planned', plan: plan(next, { tasks: [{ ...known, ...parts }] }, offered) };
          },
        },
      ],
      { wait: true },
    );
  }

  describe('keeps tasks', () => {
    test('B6: arming a task that is there changes nothing', async () => {
      const { id } = await submitRun(stores(), { tasks: (runId) => [task(runId, 'a#0', { attempt: 3 })] });
      await settleOne(stores(), id, () => arming([task(id, 'a#0'), task(id, 'b#0')]));

      const tasks = await tasksOf(id);
      expect([tasks.get('a#0')?.attempt, tasks.get('b#0')?.attempt]).toEqual([3, 1]);
    });

    test('a task that is taken back is gone, and may be armed again in the same step', async () => {
      const tasks = (runId: string) => [task(runId, 'a#0'), task(runId, 'b#0')];
      const { id } = await submitRun(stores(), { tasks });
      const takenBack = ['a#0', 'b#0'].map((key) => ({ key, epoch: 0 }));
      await settleOne(stores(), id, () => ({ takenBack, ...arming([task(id, 'b#0', { attempt: 7 })]) }));

      const left = await tasksOf(id);
      expect([...left.keys()]).toEqual(['b#0']);
      expect(left.get('b#0')?.attempt).toBe(7);
    });

    test('A1: a task that is armed or handed out again is offered, or waits', async () => {
      const tasks = (runId: string) => [task(runId, 'a#0'), task(runId, 'b#0')];
      const { id } = await submitRun(stores(), { tasks, offered: ['a#0'] });
      const before = await tasksOf(id);
      expect(before.get('a#0')?.offeredAt).toBeGreaterThan(0);
      expect(before.get('b#0')?.offeredAt).toBeNull();

      await rewrite(id, { status: 'ready', attempt: 2 });
      expect((await tasksOf(id)).get('a#0')?.offeredAt).toBeNull();
      await rewrite(id, { status: 'ready', attempt: 3 }, ['a#0']);
      expect((await tasksOf(id)).get('a#0')?.offeredAt).toBeGreaterThan(0);
    });

    test('A6: a settled task keeps who ran it and since when; one that is handed out anew does not', async () => {
      const { dispatch } = stores();
      const { id } = await submitRun(stores(), { tasks: (runId) => [task(runId, 'a#0')], offered: ['a#0'] });
      await dispatch.markRunning([{ ...attemptOf(id, 'a#0'), worker: 'w1', startedMsAgo: 500, dueInMs: 60_000 }]);
      const running = (await tasksOf(id)).get('a#0');
      expect(running).toMatchObject({ status: 'running', worker: 'w1' });

      await rewrite(id, { status: 'succeeded', output: { n: 1 }, settledStep: 2, settledAt: Date.now() });
      const settled = (await tasksOf(id)).get('a#0');
      expect(settled).toMatchObject({
        status: 'succeeded',
        output: { n: 1 },
        worker: 'w1',
        settledStep: 2,
        deadline: null,
      });
      expect(settled?.startedAt).toBe(running?.startedAt);

      const anew = { status: 'ready', attempt: 2, worker: null, settledStep: null, settledAt: null } as const;
      await rewrite(id, anew);
      const cleared = { attempt: 2, startedAt: null, deadline: null, settledAt: null, output: null };
      expect((await tasksOf(id)).get('a#0')).toMatchObject({ ...anew, ...cleared });
    });

    test('joins are counted on', async () => {
      const { id } = await submitRun(stores());
      const join = { key: 'j#0', ended: 1, taken: 1, failed: 0, fired: false };
      await settleOne(stores(), id, () => ({ joins: [join, { ...join, key: 'k#0' }] }));
      await settleOne(stores(), id, () => ({ joins: [{ ...join, ended: 3, failed: 2, fired: true }] }));

      const counted = { key: 'j#0', ended: 3, taken: 1, failed: 2, fired: true };
      expect(await stores().reader.joins(id)).toEqual([counted, { ...join, key: 'k#0' }]);
    });

    test('one decision may arm ten thousand tasks', async () => {
      const { id } = await submitRun(stores());
      const many = Array.from({ length: 10_000 }, (_, n) => task(id, `t${n}#0`, { captured: { n } }));
      await settleOne(stores(), id, () => arming(many));

      const tasks = await tasksOf(id);
      expect(tasks.size).toBe(10_000);
      expect(tasks.get('t9999#0')?.captured).toEqual({ n: 9999 });
    });
  });

  describe('closes the live tasks of an ended run', () => {
    async function close(runId: string): Promise<number> {
      await settleOne(stores(), runId, () => ({ closes: true }));
      return (await look(stores(), runId)).mail.length;
    }

    async function live(runId: string): Promise<number> {
      const statuses = ['ready', 'running', 'waiting'] as const;
      return (await stores().reader.tasks(runId, { limit: 5000, after: null, statuses: [...statuses] })).length;
    }

    test('A13: in windows of a thousand, with the mail that asks for it until nothing is left', async () => {
      const count = 2.5 * CLOSE_WINDOW;
      const tasks = (runId: string) =>
        Array.from({ length: count }, (_, n) => task(runId, `t${n}#0`, { status: n % 2 ? 'ready' : 'waiting' }));
      const timersSet = [{ key: 't0#0', kind: 'retry', attempt: 1, dueAt: Date.now() } as const];
      const sentMail = [{ to: null, kind: 'close', payload: {}, dedupeKey: null } as const];
      const { id } = await submitRun(stores(), { tasks, decides: { timersSet, sentMail } });

      const left: [number, number][] = [];
      for (let n = 0; n < 3; n++) left.push([await close(id), await live(id)]);
      expect(left).toEqual([
        [1, count - CLOSE_WINDOW],
        [1, count - 2 * CLOSE_WINDOW],
        [0, 0],
      ]);
      const due = await stores().dispatch.dueTimers(60_000, 100_000);
      expect(due.filter((timer) => timer.runId === id)).toEqual([]);
    });

    test('A13: what has ended before keeps its status, and other runs keep their tasks', async () => {
      const both = (runId: string) => [
        task(runId, 'a#0', { status: 'succeeded', settledStep: 1, settledAt: 1 }),
        task(runId, 'b#0'),
      ];
      const [ended, other] = [await submitRun(stores(), { tasks: both }), await submitRun(stores(), { tasks: both })];
      await close(ended.id);

      const statuses = async (runId: string) => Array.from((await tasksOf(runId)).values(), ({ status }) => status);
      expect(await statuses(ended.id)).toEqual(['succeeded', 'cancelled']);
      expect(await statuses(other.id)).toEqual(['succeeded', 'ready']);
    });

    test('A13: other mail of the run stays', async () => {
      const { id } = await submitRun(stores());
      await stores().runs.sendMail(id, { id: newRunId(), kind: 'retry', payload: {}, dedupeKey: 'r' });

      expect(await close(id)).toBe(1);
    });
  });
}
