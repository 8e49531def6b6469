import { describe, expect, test } from 'vitest';

import type { FoldStep } from '../../src/domain/index.ts';
import type { RunReader, StepRange } from '../../src/ports/index.ts';
import { FoldMemory } from '../../src/runtime/queries/checkpoints/fold-memory.ts';
import { emptyFold } from '../../src/domain/run/fold.ts';
import { foldAlong } from '../../src/runtime/queries/checkpoints/fold-along.ts';
import { foldTo } from '../../src/runtime/queries/checkpoints/read-checkpoint.ts';
import type { Place } from '../../src/runtime/queries/checkpoints/read-checkpoint.ts';

/** A chain of tasks: each step settles one and readies the next. */
function chainReader() {
  const read: StepRange[] = [];
  const facts = async (_: string, range: StepRange): Promise<FoldStep[]> => {
    read.push(range);
    return Array.from({ length: range.toStep - range.fromStep + 1 }, (__, index) => {
      const step = range.fromStep + index;
      const task = (n: number, status: 'ready' | 'succeeded') => ({ key: `n${n}#0`, status, attempt: 1 });
      return { step, facts: { v: 1, tasks: [task(step, 'succeeded'), task(step + 1, 'ready')] } };
    });
  };
  return { reader: { facts } as Partial<RunReader> as RunReader, read };
}

const place = (...path: [number, number][]) =>
  ({
    run: { head: { id: 'R' } },
    path: path.map(([fromStep, toStep]) => ({ fromStep, toStep })),
  }) as Partial<Place> as Place;

describe('a run of many steps', () => {
  test('is read from its first step once, and then from near the step that is asked for', async () => {
    const { reader, read } = chainReader();
    await foldTo(reader, place([1, 9000]));
    expect(read.map(({ fromStep }) => fromStep)).toEqual([1, 2001, 4001, 6001, 8001]);

    for (const step of [9000, 8000, 7999, 4500, 4000, 150]) {
      read.length = 0;
      const fold = await foldTo(reader, place([1, step]));
      expect(read.reduce((sum, { fromStep, toStep }) => sum + toStep - fromStep + 1, 0)).toBe(step % 2000);
      const path = [{ fromStep: 1, toStep: step }];
      expect(fold).toEqual(await foldAlong(chainReader().reader, 'R', { fold: emptyFold(), path }));
    }
  });

  test('is not read from what lies on another branch', async () => {
    const { reader, read } = chainReader();
    await foldTo(reader, place([1, 5000]));
    read.length = 0;
    await foldTo(reader, place([1, 2500], [5001, 5002]));

    expect(read).toEqual([
      { fromStep: 2001, toStep: 2500 },
      { fromStep: 5001, toStep: 5002 },
    ]);
  });

  test('is another one in another store', async () => {
    const [one, two] = [chainReader(), chainReader()];
    await foldTo(one.reader, place([1, 2000]));
    await foldTo(two.reader, place([1, 2000]));

    expect(two.read).toHaveLength(1);
  });

  test('fails as its reader does', async () => {
    const facts = async (_: string, { fromStep }: StepRange): Promise<FoldStep[]> => {
      if (fromStep > 2000) throw new Error('away');
      return [];
    };
    await expect(foldTo({ facts } as Partial<RunReader> as RunReader, place([1, 9000]))).rejects.toThrow('away');
  });
});

describe('what is remembered', () => {
  test('stays within its bound: what was not used for longest goes first', async () => {
    const { reader } = chainReader();
    const memory = new FoldMemory();
    const path = [{ fromStep: 1, toStep: 20_000 }];
    const fold = await foldAlong(reader, 'R', { fold: emptyFold(), path });
    const offer = (runId: string) => memory.offer(runId, { step: 20_000, fold, folded: 20_000 });
    for (const runId of ['a', 'b', 'c', 'd']) expect(offer(runId)).toBe(true);
    expect(memory.nearest('a', path)?.step).toBe(20_000);
    offer('e');

    const kept = ['a', 'b', 'c', 'd', 'e'].filter((runId) => memory.nearest(runId, path) !== null);
    expect(kept).toEqual(['a', 'c', 'd', 'e']);
  });

  test('is worth its copy: many tasks after few steps are not kept', async () => {
    const fold = await foldAlong(chainReader().reader, 'R', {
      fold: emptyFold(),
      path: [{ fromStep: 1, toStep: 20_000 }],
    });

    expect(new FoldMemory().offer('a', { step: 20_000, fold, folded: 2000 })).toBe(false);
    expect(new FoldMemory().offer('a', { step: 19_999, fold, folded: 19_999 })).toBe(false);
  });
});
