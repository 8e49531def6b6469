import type { TaskRecord } from '@weft/engine/domain';
import type { LaneList, TaskMessage } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { attemptOf, settleOne, submitRun, task, unique } from './store-records.ts';

const T0 = Date.UTC(2026, 0, 1);

/** Which ready tasks wait, and which are offered (rules A1, A2). */
export function dispatchOffers(stores: () => StoresUnderTest): void {
  function listOf(lane: string, parts: Partial<LaneList> = {}): LaneList {
    return { lane, tenant: 'acme', priority: 2, ...parts };
  }

  /** A run with `count` ready tasks on the lane; the last one has waited longest. */
  function waiting(lane: string, count: number, parts: Partial<TaskRecord> = {}) {
    const tasks = (runId: string) =>
      Array.from({ length: count }, (_, n) => task(runId, `t${n}#0`, { lane, readyAt: T0 - n, ...parts }));
    return submitRun(stores(), { tasks });
  }

  const keys = (messages: readonly TaskMessage[]) => messages.map(({ key }) => key);

  describe('tells what waits', () => {
    async function backlogOf(lane: string): Promise<LaneList[]> {
      return (await stores().dispatch.backlog()).filter((list) => list.lane === lane);
    }

    test('A1: each list with tasks that were not offered, once', async () => {
      const lane = unique('lists');
      await waiting(lane, 3);
      await waiting(lane, 3);
      await waiting(lane, 1, { priority: 0 });
      const tasks = (runId: string) => [task(runId, 'a#0', { lane })];
      const { workflow } = await submitRun(stores(), {
        tasks,
        head: { workflow: { tenant: 'globex', name: 'f', version: 1 } },
      });

      const others = [listOf(lane, { priority: 0 }), listOf(lane, { tenant: workflow.tenant })];
      const lists = await backlogOf(lane);
      expect(lists).toHaveLength(3);
      expect(lists).toEqual(expect.arrayContaining([listOf(lane), ...others]));
    });

    test('A1: no list whose tasks are offered, waiting or need no worker', async () => {
      const lane = unique('none');
      const tasks = (runId: string) => [
        task(runId, 'offered#0', { lane }),
        task(runId, 'waiting#0', { lane, status: 'waiting' }),
        task(runId, 'done#0', { lane, status: 'succeeded', settledStep: 1 }),
        task(runId, 'inline#0', { lane: null }),
      ];
      await submitRun(stores(), { tasks, offered: ['offered#0'] });

      expect(await backlogOf(lane)).toEqual([]);
      expect((await stores().dispatch.backlog()).every((list) => typeof list.lane === 'string')).toBe(true);
    });
  });

  describe('offers what waits', () => {
    test('A1: in order of ready time, as many as asked for, each once', async () => {
      const { dispatch } = stores();
      const lane = unique('order');
      await waiting(lane, 5);

      expect(keys(await dispatch.topUp(listOf(lane), 2))).toEqual(['t4#0', 't3#0']);
      expect(keys(await dispatch.topUp(listOf(lane), 9))).toEqual(['t2#0', 't1#0', 't0#0']);
      expect(await dispatch.topUp(listOf(lane), 9)).toEqual([]);
    });

    test('A1: of one list only', async () => {
      const { dispatch } = stores();
      const lane = unique('one');
      await waiting(lane, 1);
      await waiting(lane, 1, { priority: 3 });

      expect(await dispatch.topUp(listOf(lane, { priority: 0 }), 9)).toEqual([]);
      expect(await dispatch.topUp(listOf(lane, { tenant: 'globex' }), 9)).toEqual([]);
      expect(await dispatch.topUp(listOf(lane, { priority: 3 }), 9)).toHaveLength(1);
    });

    test('A1: a message says all that a worker must know', async () => {
      const lane = unique('message');
      const of = { epoch: 3, workflow: { tenant: 'acme', name: 'shop', version: 7 } };
      const armed = { lane, readyAt: T0, attempt: 4, epoch: 2, priority: 1 } as const;
      const head = await submitRun(stores(), { head: of, tasks: (runId) => [task(runId, 'a#0', armed)] });

      const [message] = await stores().dispatch.topUp(listOf(lane, { priority: 1 }), 1);
      expect(message).toEqual({
        taskId: task(head.id, 'a#0', armed).id,
        runId: head.id,
        key: 'a#0',
        node: 'a',
        taskEpoch: 2,
        runEpoch: 3,
        attempt: 4,
        workflow: of.workflow,
        lane,
        priority: 1,
        readyAt: T0,
        crashes: 0,
      });
    });

    test('A8: a message of a run to which nothing has happened but its start carries the head', async () => {
      const lane = unique('seed');
      const head = { live: 2, priority: 1 } as const;
      const tasks = (runId: string) => ['a#0', 'b#0'].map((key) => task(runId, key, { lane }));
      const { id } = await submitRun(stores(), { tasks, head });
      const [first] = await stores().dispatch.topUp(listOf(lane), 1);
      expect(first?.seed).toEqual({ step: 1, ...head });

      await settleOne(stores(), id, () => ({}));
      const [second] = await stores().dispatch.topUp(listOf(lane), 1);
      expect(second).not.toHaveProperty('seed');
    });

    test('A8: not with what a run holds at its start if a run waits for its end, which a message does not tell', async () => {
      const lane = unique('child');
      const parent = { runId: (await submitRun(stores())).id, key: 'a#0', epoch: 0, depth: 1 };
      await submitRun(stores(), { tasks: (id) => [task(id, 't#0', { lane })], head: { parent } });

      expect((await stores().dispatch.topUp(listOf(lane), 10))[0]).not.toHaveProperty('seed');
    });

    test('A8: a message says nothing of the head where a join has seen an edge end, or the task was handed out', async () => {
      const lane = unique('seedless');
      const join = { key: 'z#0', ended: 1, taken: 0, failed: 0, fired: true };
      const tasks = (runId: string) => [task(runId, 'a#0', { lane })];
      await submitRun(stores(), { tasks, decides: { joins: [join] } });
      await waiting(lane, 1, { attempt: 2 });

      const messages = await stores().dispatch.topUp(listOf(lane), 2);
      expect(messages.map((message) => 'seed' in message)).toEqual([false, false]);
    });

    test('A9: two at once share the tasks, and neither waits for the other', async () => {
      const { dispatch } = stores();
      const lane = unique('shared');
      await waiting(lane, 100);
      const shares = await Promise.all(Array.from({ length: 4 }, () => dispatch.topUp(listOf(lane), 25)));
      const rest = await dispatch.topUp(listOf(lane), 100);

      const offered = keys([...shares.flat(), ...rest]);
      expect(offered).toHaveLength(100);
      expect(new Set(offered).size).toBe(100);
    });

    test('A9: tasks that a settle holds are passed over', async () => {
      const { dispatch, hold } = stores();
      const lane = unique('held');
      const held = await waiting(lane, 2, { readyAt: T0 - 9 });
      await waiting(lane, 1);
      const release = await hold(held.id);
      const offered = await dispatch.topUp(listOf(lane), 2);
      await release();

      expect(keys(offered)).toEqual(['t0#0']);
      expect(await dispatch.topUp(listOf(lane), 9)).toHaveLength(2);
    });

    test('A13: the left-over tasks of an ended run neither go out nor fill the room of others', async () => {
      const lane = unique('ended');
      const { id } = await waiting(lane, 5, { readyAt: T0 - 9 });
      await settleOne(stores(), id, (_, next) => ({ head: { ...next, status: 'cancelled' } }));
      await waiting(lane, 2);

      expect(keys(await stores().dispatch.topUp(listOf(lane), 2))).toEqual(['t1#0', 't0#0']);
    });
  });

  describe('finds offers that nobody took', () => {
    async function staleOf(runId: string, olderThanMs = 2000): Promise<TaskMessage[]> {
      const { messages } = await stores().dispatch.staleOffers({ olderThanMs, limit: 100_000, after: null });
      return messages.filter((message) => message.runId === runId);
    }

    test('A2: those that are older than asked for, the oldest first', async () => {
      const { dispatch, elapse } = stores();
      const lane = unique('stale');
      const { id } = await waiting(lane, 3);
      await dispatch.topUp(listOf(lane), 1);
      await elapse(1500);
      await dispatch.topUp(listOf(lane), 1);
      expect(await staleOf(id)).toEqual([]);

      await elapse(1000);
      expect(keys(await staleOf(id))).toEqual(['t2#0']);
      await elapse(1500);
      expect(keys(await staleOf(id))).toEqual(['t2#0', 't1#0']);
    });

    test('A2: page by page, also where many were offered in the same instant', async () => {
      const { dispatch, elapse } = stores();
      const lane = unique('pages');
      const { id } = await waiting(lane, 7);
      await dispatch.topUp(listOf(lane), 7);
      await elapse(3000);
      const whole = await dispatch.staleOffers({ olderThanMs: 2000, limit: 100_000, after: null });
      const paged: TaskMessage[] = [];
      let after: string | null = null;
      do {
        const { messages, next } = await dispatch.staleOffers({ olderThanMs: 2000, limit: 2, after });
        paged.push(...messages);
        after = next;
      } while (after !== null);

      expect(paged).toEqual(whole.messages);
      expect(paged.filter(({ runId }) => runId === id)).toHaveLength(7);
    });

    test('A2: tells which of them are still ready', async () => {
      const { dispatch } = stores();
      const lane = unique('ready');
      const tasks = (runId: string) => [
        task(runId, 'a#0', { lane, attempt: 2 }),
        task(runId, 'running#0', { lane }),
        task(runId, 'done#0', { lane, status: 'succeeded', settledStep: 1 }),
      ];
      const { id } = await submitRun(stores(), { tasks, offered: ['a#0', 'running#0'] });
      const ended = await waiting(lane, 1);
      await settleOne(stores(), ended.id, (_, next) => ({ head: { ...next, status: 'failed' } }));
      await dispatch.markRunning([{ ...attemptOf(id, 'running#0'), worker: 'w', startedMsAgo: 1, dueInMs: 1 }]);
      const ready = attemptOf(id, 'a#0', { attempt: 2 });

      const gone = [
        attemptOf(id, 'a#0'),
        attemptOf(id, 'a#0', { attempt: 2, runEpoch: 1 }),
        attemptOf(id, 'running#0'),
        attemptOf(id, 'done#0'),
        attemptOf(id, 'unknown#0'),
        attemptOf(ended.id, 't0#0'),
      ];
      expect(await dispatch.areReady([...gone, ready])).toEqual([...gone.map(() => false), true]);
    });

    test('A2: a message of one is the message of its offer', async () => {
      const { dispatch, elapse } = stores();
      const lane = unique('again');
      const { id } = await waiting(lane, 1);
      await elapse(3000);
      const offered = await dispatch.topUp(listOf(lane), 1);
      await elapse(3000);

      const sent = offered.map((message) => ({ ...message, readyAt: message.readyAt - 3000 }));
      expect(await staleOf(id)).toEqual(sent);
    });

    test('A6: none that runs, has ended or belongs to a run that has ended', async () => {
      const { dispatch, elapse } = stores();
      const lane = unique('fresh');
      const { id } = await waiting(lane, 2);
      await dispatch.topUp(listOf(lane), 2);
      await elapse(3000);
      const attempt = { runId: id, key: 't0#0', taskEpoch: 0, runEpoch: 0, attempt: 1 };
      await dispatch.markRunning([{ ...attempt, worker: 'w', startedMsAgo: 1, dueInMs: 1 }]);
      expect(keys(await staleOf(id))).toEqual(['t1#0']);

      await settleOne(stores(), id, (_, next) => ({ head: { ...next, status: 'failed' } }));
      expect(await staleOf(id)).toEqual([]);
    });
  });
}
