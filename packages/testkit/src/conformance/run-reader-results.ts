import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { arming, newRunId, settleOne, step, submitRun, task } from './store-records.ts';

/** What watchers of a run read beside its journal. */
export function readsResults(stores: () => StoresUnderTest): void {
  describe('reads what tasks gave', () => {
    test('of those that have succeeded, with the step that settled them; what is too large is left out', async () => {
      const { id } = await submitRun(stores());
      const done = { status: 'succeeded', settledStep: 2, settledAt: Date.now() } as const;
      const tasks = [
        task(id, 'small#0', { ...done, output: { n: 1 } }),
        task(id, 'null#0', { ...done, output: null }),
        task(id, 'large#0', { ...done, output: 'x'.repeat(5000) }),
        task(id, 'random#0', { ...done, output: Array.from({ length: 2000 }, () => Math.random()) }),
        task(id, 'failed#0', { ...done, status: 'failed' }),
        task(id, 'ready#0'),
      ];
      await settleOne(stores(), id, () => ({ steps: [step(2)], ...arming(tasks) }));
      const keys = [...tasks.map(({ key }) => key), 'nothing#0'];
      const results = await stores().reader.results(id, keys, 1000);

      expect(results.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
        { key: 'large#0', settledStep: 2 },
        { key: 'null#0', settledStep: 2, output: null },
        { key: 'random#0', settledStep: 2 },
        { key: 'small#0', settledStep: 2, output: { n: 1 } },
      ]);
      expect(await stores().reader.results(id, [], 1000)).toEqual([]);
    });

    test('and how far runs have come', async () => {
      const [one, other] = [await submitRun(stores()), await submitRun(stores())];
      await settleOne(stores(), other.id);

      expect(await stores().reader.lastSteps([one.id, other.id, newRunId(), 'no id'])).toEqual(
        new Map([
          [one.id, 1],
          [other.id, 2],
        ]),
      );
    });
  });
}
