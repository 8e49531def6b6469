import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { openMesh, startRuns } from '../use-mesh.ts';

const SOON = { timeout: 120_000, interval: 50 };

describe.skipIf(testRedisUrl() === null)('a scaler', () => {
  test('A4: told to stop twice hands back what its workers run, and leaves with 0', async () => {
    const mesh = await openMesh();
    const [producer, scaler] = await Promise.all([mesh.producer(), mesh.scaler('--min=2', '--max=2')]);
    const live = async () => (await mesh.store.fleet.list()).filter(({ endedAt }) => endedAt === null).length;
    await expect.poll(live, SOON).toBe(2);
    const node = { type: 'task', uses: 'handler:work', with: { notes: mesh.notes, gate: mesh.gate.file } };
    const ids = await startRuns(producer, 6, { name: 'single', output: '${work.n}', nodes: { work: node } });
    await expect.poll(() => mesh.noted('began').length, SOON).toBe(6);
    const toldAt = performance.now();
    scaler.signal('SIGTERM');
    // Two signals at the same moment are one, and a third ends the process.
    await expect.poll(() => performance.now() - toldAt, SOON).toBeGreaterThan(700);
    scaler.signal('SIGTERM');

    expect(await scaler.ended).toBe(0);
    expect(await live()).toBe(0);
    mesh.gate.open();
    await mesh.worker();
    await mesh.allSucceed(ids, 1);
  });
});
