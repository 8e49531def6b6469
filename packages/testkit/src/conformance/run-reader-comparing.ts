import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { arming, settleOne, step, submitRun, task } from './store-records.ts';

const DONE = { status: 'succeeded', settledStep: 2 } as const;
const spent = (inputTokens: number) => ({ inputTokens, outputTokens: 1, usd: 0.5 });

/** What runs are compared by. */
export function readsComparisons(stores: () => StoresUnderTest): void {
  describe('reads what became of nodes', () => {
    test('by status, with attempts, time and what was spent by all of them', async () => {
      const { id } = await submitRun(stores());
      const settledAt = Date.now();
      const tasks = [
        task(id, 'w#0[0]/a#0', { ...DONE, node: 'a', attempt: 2, settledAt, startedAt: settledAt - 40 }),
        task(id, 'w#0[1]/a#0', { ...DONE, node: 'a', attempt: 1, settledAt, startedAt: settledAt - 2 }),
        task(id, 'b#0', { attempt: 1 }),
      ];
      const usage = [
        { key: 'w#0[0]/a#0', epoch: 0, attempt: 1, usage: spent(10) },
        { key: 'w#0[0]/a#0', epoch: 0, attempt: 2, usage: spent(20) },
      ];
      await settleOne(stores(), id, () => ({ steps: [step(2)], ...arming(tasks), usage }));
      const { reader, comparer } = stores();
      const nothing = { inputTokens: 0, outputTokens: 0, usd: 0 };

      expect(await comparer.taskTotals(id)).toEqual([
        {
          node: 'a',
          status: 'succeeded',
          tasks: 2,
          kept: 0,
          attempts: 3,
          ms: expect.any(Number),
          usage: { inputTokens: 30, outputTokens: 2, usd: 1 },
          keptUsage: nothing,
        },
        { node: 'b', status: 'ready', tasks: 1, kept: 0, attempts: 1, ms: 0, usage: nothing, keptUsage: nothing },
      ]);
      expect((await reader.spent(id)).toSorted((a, b) => a.attempt - b.attempt)).toEqual(usage);
    });

    test('and which outputs of two runs are equal, whatever the order of their keys', async () => {
      const run = async (outputs: Record<string, object | null>): Promise<string> => {
        const { id } = await submitRun(stores());
        const tasks = Object.entries(outputs).map(([key, output]) =>
          task(id, key, { ...DONE, settledAt: Date.now(), node: 'n', output: output as never }),
        );
        const send = task(id, 'send#0', { ...DONE, settledAt: Date.now(), detail: { kind: 'items', total: 1 } });
        await settleOne(stores(), id, () => ({ steps: [step(2)], ...arming([...tasks, send]) }));
        return id;
      };
      const from = await run({ 'n#0': { a: 1, b: [2] }, 'n#1': { x: 1 }, 'n#2': { x: 2 }, 'n#3': null });
      const to = await run({ 'n#0': { b: [2], a: 1 }, 'n#1': { x: 9 }, 'n#2': { x: 8 }, 'n#4': null, 'n#5': null });

      expect(await stores().comparer.outputMatches(from, to)).toEqual([
        {
          node: 'n',
          equal: 1,
          different: 2,
          onlyFrom: 1,
          onlyTo: 2,
          first: { key: 'n#1', fromStep: 2, toStep: 2 },
        },
      ]);
    });
  });
}
