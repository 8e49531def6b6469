import { describe, expect, test } from 'vitest';

import type { ChannelWrite } from '@weft/engine/domain';
import type { StoresUnderTest } from './opened-stores.ts';
import { settleOne, step, submitRun, valuesOf } from './store-records.ts';

/** Looking back along the steps that led to one of them. */
export function readsCheckpoints(stores: () => StoresUnderTest): void {
  describe('reads what led to a step', () => {
    const delta = (channel: string, at: number): ChannelWrite => ({
      channel,
      step: at,
      kind: 'delta',
      value: `${channel}${at}`,
    });

    /** Steps 4 and 5 were left behind: step 6 goes on from step 3. */
    async function branched(): Promise<string> {
      const { id } = await submitRun(stores());
      await settleOne(stores(), id, () => ({
        steps: [2, 3, 4, 5, 6, 7].map((n) =>
          step(n, { parent: n === 6 ? 3 : n - 1, facts: { v: 1, writes: [`at ${n}`] } }),
        ),
        writes: [
          delta('log', 2),
          { ...delta('log', 2), kind: 'base', value: ['compacted'] },
          delta('log', 4),
          { ...delta('log', 4), kind: 'base', value: ['left'] },
          delta('log', 5),
          delta('log', 7),
          delta('old', 5),
        ],
      }));
      return id;
    }

    test('their facts, in order, and nothing where a step is missing', async () => {
      const id = await branched();
      const facts = await stores().reader.facts(id, { fromStep: 3, toStep: 5 });

      expect(facts).toEqual([3, 4, 5].map((n) => ({ step: n, facts: { v: 1, writes: [`at ${n}`] } })));
      await expect(stores().reader.facts(id, { fromStep: 6, toStep: 8 })).rejects.toThrow('missing');
    });

    test('where the way branches off, the newest first', async () => {
      const id = await branched();

      expect(await stores().reader.branches(id, 7)).toEqual([{ step: 6, parent: 3 }]);
      expect(await stores().reader.branches(id, 5)).toEqual([]);
    });

    test('the state, without what was written on other branches', async () => {
      const id = await branched();
      const { reader } = stores();
      const along = async (...path: [number, number][]) => {
        const ranges = path.map(([fromStep, toStep]) => ({ fromStep, toStep }));
        const channels = await reader.channelsAlong(id, ranges);
        return Object.fromEntries(Array.from(channels, ([name, channel]) => [name, valuesOf(channel)]));
      };

      expect(await along([1, 3], [6, 7])).toEqual({ log: { base: ['compacted'], deltas: ['log7'] } });
      expect(await along([1, 5])).toEqual({
        log: { base: ['left'], deltas: ['log5'] },
        old: { base: undefined, deltas: ['old5'] },
      });
      expect(await along([1, 1])).toEqual({});
    });
  });
}
