import type { Json } from '@weft/contract';
import type { TaskRecord } from '@weft/engine/domain';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { attemptOf, look, settleOne, submitRun, task } from './store-records.ts';

type Parts = Partial<TaskRecord>;

const succeeded = (output: Json, parts: Parts = {}): Parts => ({
  status: 'succeeded',
  settledStep: 1,
  settledAt: 1,
  output,
  ...parts,
});

const sent = (total: number, parts: Parts = {}): Parts =>
  succeeded('unseen', { detail: { kind: 'items', total }, ...parts });

/** The items of sends: kept in pieces until they are armed, and their outputs put together (rule B7). */
export function runStoreItems(stores: () => StoresUnderTest): void {
  async function run(tasks: Record<string, Parts>, epochs: readonly [string, number, Parts][] = []): Promise<string> {
    const rows = (runId: string) => [
      ...Object.entries(tasks).map(([key, parts]) => task(runId, key, parts)),
      ...epochs.map(([key, epoch, parts]) => task(runId, key, { ...parts, epoch })),
    ];
    return (await submitRun(stores(), { tasks: rows })).id;
  }

  async function itemsOf(runId: string, key: string): Promise<Json[] | undefined> {
    return (await look(stores(), runId, { items: [key] })).items.get(key);
  }

  describe('puts the outputs of items together', () => {
    test('B7: none of a send without items, or of one that does not exist', async () => {
      const id = await run({ 's#0': sent(0) });

      const { items } = await look(stores(), id, { items: ['s#0', 'none#0'] });
      expect([items.get('s#0'), items.get('none#0')]).toEqual([[], []]);
    });

    test('B7: in the order of the items, with null for one that gave nothing', async () => {
      const items = Object.fromEntries(
        Array.from({ length: 12 }, (_, n) => [`s#0[${n}]/w#0`, succeeded({ n })] as const),
      );
      const failed = { ...succeeded('partial'), status: 'failed' } as const;
      const id = await run({ ...items, 's#0[1]/w#0': failed, 's#0[3]/w#0': succeeded(null), 's#0[4]/w#0': {} });

      const wanted = Array.from({ length: 12 }, (_, n) => ([1, 3, 4].includes(n) ? null : { n }));
      expect(await itemsOf(id, 's#0')).toEqual(wanted);
    });

    test('B7: not those of another iteration, another send, or other runs', async () => {
      const items = { 's#0[0]/w#0': succeeded(1), 's#00[0]/w#0': succeeded(2), 's#1[0]/w#0': succeeded(3) };
      const [id] = [await run({ ...items, 's[0]/w#0': succeeded(4) }), await run(items)];

      expect(await itemsOf(id, 's#0')).toEqual([1]);
      expect(await itemsOf(id, 's#1')).toEqual([3]);
    });

    test('B7: an item that is itself a send gives a list', async () => {
      const id = await run({
        's#0': sent(3),
        's#0[0]/t#0': sent(2),
        's#0[0]/t#0[0]/w#0': succeeded('a'),
        's#0[0]/t#0[1]/w#0': succeeded('b'),
        's#0[1]/t#0': sent(1),
        's#0[1]/t#0[0]/u#0': sent(1),
        's#0[1]/t#0[0]/u#0[0]/w#0': succeeded('deep'),
        's#0[2]/t#0': { ...sent(1), status: 'failed' },
        's#0[2]/t#0[0]/w#0': succeeded('lost'),
      });

      expect(await itemsOf(id, 's#0')).toEqual([['a', 'b'], [['deep']], null]);
      expect(await itemsOf(id, 's#0[1]/t#0')).toEqual([['deep']]);
    });

    test('B7: of an item that was armed again the newest activation counts', async () => {
      const items = { 's#0[0]/w#0': succeeded('old'), 's#0[1]/w#0': succeeded('only') };
      const id = await run({ 's#0': sent(2), ...items }, [
        ['s#0[0]/w#0', 2, succeeded('new')],
        ['s#0[0]/w#0', 1, succeeded('between')],
      ]);
      expect(await itemsOf(id, 's#0')).toEqual(['new', 'only']);

      const again = await run({ 's#0': sent(2), ...items }, [['s#0[1]/w#0', 1, {}]]);
      expect(await itemsOf(again, 's#0')).toEqual(['old', null]);
    });

    test('B7: they are the output of the send, wherever it is read', async () => {
      const { reader, dispatch } = stores();
      const id = await run({
        's#0': sent(2),
        's#0[0]/w#0': succeeded({ n: 0 }),
        's#0[1]/w#0': succeeded([1]),
        'open#0': { status: 'waiting', waits: 'items', detail: { kind: 'items', total: 1 } },
        'open#0[0]/w#0': succeeded('early'),
        'reads#0': { readsAt: 1 },
      });
      const outputs = [{ n: 0 }, [1]];

      const { tasks } = await look(stores(), id, { tasks: ['s#0', 'open#0'] });
      expect([tasks.get('s#0')?.output, tasks.get('open#0')?.output]).toEqual([outputs, null]);
      expect((await look(stores(), id, { everything: true })).tasks.get('s#0')?.output).toEqual(outputs);
      expect((await reader.tasksByKey(id, ['s#0']))[0]?.output).toEqual(outputs);
      expect((await reader.task('acme', task(id, 's#0').id))?.output).toEqual(outputs);
      const [material] = await dispatch.loadInputs([{ task: attemptOf(id, 'reads#0'), nodes: ['s', 'open'] }]);
      expect(material?.nodes).toEqual({ s: { output: outputs } });
    });
  });

  describe('keeps the items that are not armed yet', () => {
    test('B7: in pieces, as they were written last', async () => {
      const id = await run({ 's#0': {} });
      const items: Json[] = [null, 'ü"\\', { n: [1] }];
      const chunks = [
        { key: 's#0', chunk: 0, items },
        { key: 's#0', chunk: 10, items: [] },
        { key: 'a b#0[1]/s#0', chunk: 1, items: [1] },
      ];
      await settleOne(stores(), id, () => ({ chunks: chunks.with(0, { key: 's#0', chunk: 0, items: ['other'] }) }));
      await settleOne(stores(), id, () => ({ chunks: [{ key: 's#0', chunk: 0, items }] }));

      const names = ['s#0 0', 's#0 1', 's#0 10', 'a b#0[1]/s#0 1'];
      expect((await look(stores(), id)).chunks.size).toBe(0);
      expect(Object.fromEntries((await look(stores(), id, { chunks: names })).chunks)).toEqual({
        's#0 0': items,
        's#0 10': [],
        'a b#0[1]/s#0 1': [1],
      });
    });
  });
}
