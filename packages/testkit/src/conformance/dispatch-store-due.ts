import { STORE_CHORES } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { newRunId, settleOne, submitRun, task } from './store-records.ts';

const MANY = 100_000;

/** What is due, what was forgotten, and housekeeping (rules A10 to A12). */
export function dispatchDue(stores: () => StoresUnderTest): void {
  describe('tells which timers are due', () => {
    async function withTimers(...inMs: number[]): Promise<string> {
      const timersSet = inMs.map((ms) => ({
        key: `t${ms}#0`,
        kind: 'retry' as const,
        attempt: 1,
        dueAt: Date.now() + ms,
      }));
      return (await submitRun(stores(), { decides: { timersSet } })).id;
    }

    test('A12: within the time asked for, the earliest first', async () => {
      const runId = await withTimers(30_000, -5000, 500_000);
      const due = (await stores().dispatch.dueTimers(60_000, MANY)).filter((timer) => timer.runId === runId);

      expect(due.map(({ key }) => key)).toEqual(['t-5000#0', 't30000#0']);
      expect(due[0]?.inMs).toBeLessThan(-4000);
      expect(due[1]?.inMs).toBeGreaterThan(20_000);
      expect(due.every(({ dueAt, inMs }) => Number.isInteger(dueAt) && Number.isInteger(inMs))).toBe(true);
    });

    test('A12: no more than asked for', async () => {
      await withTimers(1, 2, 3);

      expect(await stores().dispatch.dueTimers(60_000, 2)).toHaveLength(2);
    });
  });

  describe('tells which runs are neglected', () => {
    const isNeglected = async (runId: string) => (await stores().dispatch.neglectedRuns(2000, MANY)).includes(runId);

    test('A10: those with mail that nobody read', async () => {
      const { runs, elapse } = stores();
      const { id } = await submitRun(stores());
      const [first, second] = [newRunId(), newRunId()];
      await runs.sendMail(id, { id: first, kind: 'cancel', payload: {}, dedupeKey: '1' });
      expect(await isNeglected(id)).toBe(false);
      await elapse(3000);
      await runs.sendMail(id, { id: second, kind: 'cancel', payload: {}, dedupeKey: '2' });
      expect(await isNeglected(id)).toBe(true);

      await settleOne(stores(), id, () => ({ consumedMail: [first] }));
      expect(await isNeglected(id)).toBe(false);
    });

    test('A11: those with left-over inline nodes, once each', async () => {
      const { dispatch, elapse } = stores();
      const inline = (runId: string) => ['a#0', 'b#0'].map((key) => task(runId, key, { lane: null }));
      const [left, busy] = [
        await submitRun(stores(), { tasks: inline }),
        await submitRun(stores(), { tasks: (runId) => [task(runId, 'a#0')] }),
      ];
      expect(await isNeglected(left.id)).toBe(false);
      await elapse(3000);

      expect((await dispatch.neglectedRuns(2000, MANY)).filter((runId) => runId === left.id)).toHaveLength(1);
      expect(await isNeglected(busy.id)).toBe(false);
    });
  });

  describe('keeps house', () => {
    test('which version a run is pinned to is told for the runs that exist', async () => {
      const workflow = { tenant: 'globex', name: 'shop', version: 3 };
      const { id } = await submitRun(stores(), { head: { workflow } });

      expect(await stores().dispatch.workflowsOf([newRunId(), id])).toEqual(new Map([[id, workflow]]));
      expect(await stores().dispatch.workflowsOf([])).toEqual(new Map());
    });

    test('maintenance may be done by several at once, and again', async () => {
      const { dispatch } = stores();
      const all = () => Promise.all(STORE_CHORES.map((chore) => dispatch.maintain(chore)));
      await Promise.all([all(), all(), all()]);
      await all();

      const { id } = await submitRun(stores());
      expect(await stores().reader.run('acme', id)).not.toBeNull();
    });
  });
}
