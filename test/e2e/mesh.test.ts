import { testRedisUrl } from '@weft/testkit';
import { expect, test } from 'vitest';

import { chain, openMesh, startRuns } from '../chaos/use-mesh.ts';

const SOON = { timeout: 30_000, interval: 50 };
const LENGTH = 3;

test.skipIf(testRedisUrl() === null)(
  'a producer and two workers bring runs to their end, a retry, a cancel and a killed worker among them',
  async () => {
    const mesh = await openMesh();
    const [producer, victim] = await Promise.all([mesh.producer(), mesh.worker(), mesh.worker()]);
    const notes = { notes: mesh.notes };
    const quick = await startRuns(producer, 60, chain(LENGTH, { uses: 'handler:work', with: { ...notes, ms: 2 } }));
    const retried = await startRuns(
      producer,
      10,
      chain(1, { uses: 'handler:flaky', with: notes, retry: { maxAttempts: 2, initialMs: 100 } }),
    );
    const held = { ...notes, gate: mesh.gate.file };
    const [cancelled = '', ...stranded] = await startRuns(producer, 6, chain(1, { uses: 'handler:work', with: held }));
    await expect.poll(() => mesh.noted('began').length, SOON).toBeGreaterThanOrEqual(60 * LENGTH);
    await producer.client.runs.cancel(cancelled);
    await victim.kill();
    mesh.gate.open();

    await mesh.allSucceed(quick, LENGTH);
    await mesh.allSucceed(retried, 1);
    await mesh.allSucceed(stranded, 1);
    await expect.poll(() => mesh.countOf('cancelled'), SOON).toBe(1);
  },
);
