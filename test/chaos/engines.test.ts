import { createMemoryBroker } from '@weft/embedded';
import { expect, test } from 'vitest';

import { deadlocksIn } from './deadlocks.ts';
import { fan } from './documents.ts';
import { openScene } from './use-rigs.ts';

test('A9 A10 F29: two engines settle the same 200 runs at once, and each run is what its journal says', async () => {
  const scene = await openScene();
  const broker = createMemoryBroker();
  const rigs = [await scene.rig({ broker, slots: 20 }), await scene.rig({ broker, slots: 20 })] as const;
  const ids = await Promise.all(
    Array.from({ length: 200 }, (_, n) => rigs[n % 2 ? 1 : 0].start(fan('both', 8, { uses: 'echo' }))),
  );
  const cancelled = ids.slice(0, 10);
  await Promise.allSettled(
    cancelled.map((runId, n) => rigs[n % 2 ? 0 : 1].engine.cancelRun({ tenant: 'default', runId, reason: 'race' })),
  );
  const runs = await Promise.all(ids.map((runId) => rigs[0].ended(runId)));

  expect(runs.slice(10).every((run) => run.head.status === 'succeeded')).toBe(true);
  expect(runs.slice(0, 10).every((run) => ['succeeded', 'cancelled'].includes(run.head.status))).toBe(true);
  const counts = rigs.map((rig) => rig.engine.settler.counters);
  expect(Math.min(...counts.map((count) => count.settled))).toBeGreaterThan(100);
  expect(await deadlocksIn(scene.url)).toBe(0);
  for (const rig of rigs) expect(rig.engine.sweeper.repairs).toMatchObject({ offers: 0, stranded: 0, deadWorkers: 0 });
});
