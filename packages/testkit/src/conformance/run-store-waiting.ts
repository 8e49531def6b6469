import type { Decision, RunHead, TaskRecord, Waits } from '@weft/engine/domain';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { arming, change, look, newRunId, settleOne, snapshotOf, step, submitRun, task } from './store-records.ts';

const QUESTION = { kind: 'question', id: 'q1', at: 'node', message: 'it\'s "?"', expiresAt: 5 } as const;

/** Tasks as loops, sends and waits arm them, each with the fields that are its own. */
function armedTasks(runId: string): TaskRecord[] {
  const scoped = { item: { n: [1, null] }, iterations: { a: 2, 'b c': 0 }, readsAt: 2 };
  const settled = { settledStep: 2, settledAt: 1 } as const;
  return [
    task(runId, 'each#1[17]/inner#2[3]/w#1', scoped),
    task(runId, 'each#0[0]/w#0', { item: 'text' }),
    task(runId, 'ask#0', { status: 'waiting', waits: 'answer', detail: QUESTION, lane: null }),
    task(runId, 'pause#1', { status: 'waiting', waits: 'time', detail: { kind: 'wait', dueAt: 7, signal: 'go' } }),
    task(runId, 'all#0', { status: 'waiting', waits: 'items', detail: { kind: 'items', total: 3 } }),
    task(runId, 'jump#0', { status: 'succeeded', output: { n: 1 }, detail: { kind: 'jumped' }, ...settled }),
  ];
}

/** Tasks that had been waiting, as they end. */
function endedTasks(runId: string): TaskRecord[] {
  const settled = { status: 'succeeded', settledStep: 2, settledAt: 1, readsAt: 1 } as const;
  return [
    task(runId, 'old#0', { ...settled, output: 'yes', detail: QUESTION }),
    task(runId, 'child#0', { ...settled, output: null, detail: { kind: 'child', runId: 'x', seen: 0 } }),
  ];
}

/** What belongs to waits, loops, sends and child runs, as it is kept and shown again. */
export function runStoreWaiting(stores: () => StoresUnderTest): void {
  describe('keeps what runs wait for', () => {
    const decides = ({ snapshot: { head } }: { snapshot: { head: RunHead } }): Partial<Decision> => ({
      head: { ...head, step: 2, live: 5, asking: 1, jumps: { heads: { a: 1 }, latest: { b: 2 } }, kept: 3 },
      steps: [step(2, { type: 'task_waiting' })],
      tasks: [...armedTasks(head.id), ...endedTasks(head.id)],
      armed: new Set(armedTasks(head.id).map(({ key }) => key)),
      joins: [{ key: 'all#0[]', ended: 0, taken: 2, failed: 0, fired: false }],
      applied: [true],
    });

    async function settled(remembers: boolean) {
      const before = (runId: string) => [
        task(runId, 'old#0', { status: 'waiting', waits: 'answer', detail: QUESTION }),
        task(runId, 'child#0', { status: 'waiting', waits: 'child', detail: { kind: 'child', runId: 'x', seen: 0 } }),
      ];
      const run = await submitRun(stores(), { head: { live: 2 }, tasks: before });
      const wanted = { ...change(run.id, decides), remembered: remembers ? snapshotOf(run) : null };
      const [settlement] = await stores().runs.settle([wanted], { wait: false });
      const seen = await look(stores(), run.id, { everything: true });
      return { run, settlement, seen };
    }

    /** Instants of a settle are those of its transaction. */
    function timeless(tasks: Iterable<TaskRecord>) {
      const rows = Array.from(tasks, (one) => ({ ...one, readyAt: 0, settledAt: one.settledAt && 0 }));
      return rows.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    }

    test.each([false, true])('B6, B7: every field of a head and a task (as remembered: %s)', async (remembers) => {
      if (remembers) await settled(false); // tells the time
      const { run, settlement, seen } = await settled(remembers);

      expect(settlement).toMatchObject({ kind: 'settled', asRemembered: remembers });
      expect(seen.head).toEqual({ ...run, ...decides({ snapshot: { head: run } }).head });
      expect(timeless(seen.tasks.values())).toEqual(timeless([...armedTasks(run.id), ...endedTasks(run.id)]));
      expect(seen.joins.get('all#0[]')).toEqual({ key: 'all#0[]', ended: 0, taken: 2, failed: 0, fired: false });
    });

    test('a run keeps whose child it is, from its start on', async () => {
      const parts: Partial<RunHead> = {
        parent: { runId: newRunId(), key: 'each#0[1]/sub#0', epoch: 2, depth: 3 },
        jumps: { heads: {}, latest: { a: 1 } },
        kept: 2,
      };
      const { id } = await submitRun(stores(), { head: parts });
      await settleOne(stores(), id);

      expect((await look(stores(), id)).head).toMatchObject(parts);
      expect((await stores().reader.run('acme', id))?.head).toMatchObject(parts);
    });

    test('a task that waits, and goes on, says so in its row', async () => {
      const { id } = await submitRun(stores(), { tasks: (runId) => [task(runId, 'a#0')] });
      const rewrite = async (parts: Partial<TaskRecord>) => {
        await settleOne(stores(), id, () => ({ tasks: [task(id, 'a#0', parts)] }));
        const seen = (await look(stores(), id, { tasks: ['a#0'] })).tasks.get('a#0');
        return { waits: seen?.waits, detail: seen?.detail };
      };

      const wait = { kind: 'wait', dueAt: 9, signal: null } as const;
      const asks = { status: 'waiting', waits: 'signal', detail: wait } as const;
      expect(await rewrite(asks)).toEqual({ waits: 'signal', detail: wait });
      expect(await rewrite({ status: 'ready', detail: wait })).toEqual({ waits: null, detail: wait });
      expect(await rewrite({ status: 'waiting', waits: 'retry' })).toEqual({ waits: 'retry', detail: null });
    });

    test('A13: a task that is closed waits no longer', async () => {
      const { id } = await submitRun(stores(), { tasks: armedTasks });
      await settleOne(stores(), id, () => ({ closes: true }));

      const { tasks } = await look(stores(), id, { everything: true });
      expect(Array.from(tasks.values(), ({ waits }) => waits)).toEqual(armedTasks(id).map(() => null));
      expect(await stores().reader.waiting(id, { waits: ['answer', 'items', 'time'], limit: null })).toEqual([]);
    });

    test('the waiting tasks of a run are seen when asked for, with those that are asked for by key', async () => {
      const { id } = await submitRun(stores(), { tasks: armedTasks });
      const keysOf = async (wanted: Parameters<typeof look>[2]) =>
        [...(await look(stores(), id, wanted)).tasks.keys()].toSorted();

      expect(await keysOf({ waiting: true })).toEqual(['all#0', 'ask#0', 'pause#1']);
      expect(await keysOf({ waiting: true, tasks: ['jump#0'] })).toEqual(['all#0', 'ask#0', 'jump#0', 'pause#1']);
    });

    test('the waiting tasks of a run are listed by what they wait for, as many as are wanted', async () => {
      const { id } = await submitRun(stores(), { tasks: armedTasks });
      const listed = async (waits: readonly Waits[], limit: number | null = null) =>
        (await stores().reader.waiting(id, { waits, limit })).map(({ key }) => key);

      expect(await listed(['answer', 'items', 'time'])).toEqual(['all#0', 'ask#0', 'pause#1']);
      expect(await listed(['answer', 'time'])).toEqual(['ask#0', 'pause#1']);
      expect(await listed(['answer', 'items', 'time'], 2)).toEqual(['all#0', 'ask#0']);
      expect(await listed(['child'])).toEqual([]);
    });

    test('A8: what a decision asks for later is added to what it has seen', async () => {
      const { runs } = stores();
      const { id } = await submitRun(stores(), { tasks: armedTasks });
      const chunks = [{ key: 'all#0', chunk: 1, items: [1] }];
      const mailId = newRunId();
      await runs.sendMail(id, { id: mailId, kind: 'signal', payload: {}, dedupeKey: 's' });
      await settleOne(stores(), id, () => ({ chunks, keptMail: [{ id: mailId, topic: 't' }] }));
      const plain = change(id);
      const later = { kept: new Set(['t']), chunks: new Set(['all#0 1']), items: new Set(['all#0']), waiting: true };
      let asked = false;
      const [settlement] = await runs.settle(
        [
          {
            ...plain,
            decide(view) {
              if (asked) return plain.decide(view);
              asked = true;
              return { kind: 'needs', reads: { ...plain.reads, ...later } };
            },
          },
        ],
        { wait: true },
      );

      const { snapshot } = settlement?.kind === 'settled' ? settlement : { snapshot: null };
      expect(snapshot?.kept.get('t')).toMatchObject([{ id: mailId }]);
      expect(snapshot?.chunks.get('all#0 1')).toEqual([1]);
      expect(snapshot?.items.get('all#0')).toEqual([]);
      expect(snapshot?.tasks.size).toBe(3);
    });

    test('B6: an item is armed once', async () => {
      const { id } = await submitRun(stores(), { tasks: armedTasks });
      await settleOne(stores(), id, () => arming([task(id, 'each#0[0]/w#0', { item: 'another' })]));

      const { tasks } = await look(stores(), id, { tasks: ['each#0[0]/w#0'] });
      expect(tasks.get('each#0[0]/w#0')?.item).toBe('text');
    });
  });
}
