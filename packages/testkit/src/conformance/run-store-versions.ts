import type { Lacking } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { change, look, reads, settleOne, step, submitRun } from './store-records.ts';

/** Runs that move to another version of their workflow. */
export function runStoreVersions(stores: () => StoresUnderTest): void {
  const moveTo = (id: string, version: number) =>
    settleOne(stores(), id, ({ snapshot: { head } }, next) => ({
      head: Object.assign(next, { workflow: { ...head.workflow, version } }),
      steps: [
        step(next.step, { type: 'migrated', facts: { v: 1, migrated: { from: head.workflow.version, to: version } } }),
      ],
    }));

  describe('moves runs to other versions', () => {
    test('C1: everybody sees the version, and the journal tells which one was in force when', async () => {
      const { reader, dispatch } = stores();
      const run = await submitRun(stores());
      await moveTo(run.id, 2);
      await settleOne(stores(), run.id);
      await moveTo(run.id, 7);

      const workflow = { ...run.workflow, version: 7 };
      expect((await look(stores(), run.id)).head.workflow).toEqual(workflow);
      expect((await reader.run('acme', run.id))?.head.workflow).toEqual(workflow);
      expect(await dispatch.workflowsOf([run.id])).toEqual(new Map([[run.id, workflow]]));
      expect(await reader.migrations(run.id)).toEqual([
        { step: 2, from: run.workflow.version, to: 2 },
        { step: 4, from: 2, to: 7 },
      ]);
      expect(await reader.migrations((await submitRun(stores())).id)).toEqual([]);
    });

    test('runs are listed by the versions that they follow, and do not follow', async () => {
      const workflow = { tenant: 'acme', name: crypto.randomUUID(), version: 1 };
      const ids: string[] = [];
      for (const version of [1, 2, 3]) {
        ids.push((await submitRun(stores(), { head: { workflow: { ...workflow, version } } })).id);
      }
      const list = async (filter: { versions?: number[]; exceptVersion?: number }) => {
        const runs = await stores().reader.runs({ tenant: 'acme', workflow: workflow.name, limit: 10, ...filter });
        return runs.map(({ head }) => head.workflow.version);
      };

      expect(await list({})).toEqual([3, 2, 1]);
      expect(await list({ versions: [1, 3] })).toEqual([3, 1]);
      expect(await list({ exceptVersion: 3 })).toEqual([2, 1]);
      expect(await list({ versions: [1, 3], exceptVersion: 3 })).toEqual([1]);
    });

    test('nothing is written of a run for which versions are lacking; the others are settled', async () => {
      const { runs, reader } = stores();
      const [a, b] = [await submitRun(stores()), await submitRun(stores())];
      const lacking: Lacking = { kind: 'lacks', workflow: a.workflow, versions: [1, 2] };
      const settlements = await runs.settle([{ runId: a.id, reads: reads(), decide: () => lacking }, change(b.id)], {
        wait: false,
      });

      expect(settlements[0]).toEqual({ runId: a.id, ...lacking });
      expect(settlements[1]?.kind).toBe('settled');
      expect((await reader.run('acme', a.id))?.head.step).toBe(1);
    });
  });
}
