import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { openMesh, startRuns } from './use-mesh.ts';
import type { Mesh } from './use-mesh.ts';

const SOON = { timeout: 60_000, interval: 50 };
const QUICK = ['--interval=300ms', '--up-after=0', '--down-after=500ms', '--cooldown=500ms'];

async function livePids({ store }: Mesh): Promise<number[]> {
  return (await store.fleet.list()).filter(({ endedAt }) => endedAt === null).map(({ pid }) => pid);
}

const single = (mesh: Mesh) => ({
  name: 'single',
  output: '${work.n}',
  nodes: { work: { type: 'task', uses: 'handler:work', with: { notes: mesh.notes, gate: mesh.gate.file } } },
});

describe.skipIf(testRedisUrl() === null)('a scaler', () => {
  test('F02: starts workers in a flood and stops them when it is quiet, puts another one in the place of one that was killed, and nothing is lost', async () => {
    const mesh = await openMesh({ deadAfterMs: 60_000 });
    const [producer, scaler] = await Promise.all([
      mesh.producer(),
      mesh.scaler('--min=1', '--max=2', '--sla=10m', '--concurrency=10', ...QUICK),
    ]);
    const ids = await startRuns(producer, 110, single(mesh));
    await expect.poll(() => mesh.noted('began').length, SOON).toBe(20);
    const [victim = 0, other = 0] = await livePids(mesh);
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => mesh.noted('began').length, SOON).toBe(30);
    expect(await livePids(mesh)).toHaveLength(2);
    expect(await livePids(mesh)).toContain(other);
    mesh.gate.open();
    await mesh.allSucceed(ids, 1);
    await expect.poll(async () => (await livePids(mesh)).length, SOON).toBe(1);

    const { scaleEvents } = await producer.client.mesh.scaling();
    const changes = scaleEvents.filter(({ by }) => by !== 'mesh').toReversed();
    expect(changes.map(({ fromWorkers, toWorkers, reason }) => [fromWorkers, toWorkers, reason])).toEqual([
      [1, 2, 'demand'],
      [2, 1, 'quiet'],
    ]);
    // Each ran once, but for those of the one that was killed.
    expect(mesh.noted('began')).toHaveLength(120);
    expect(await scaler.stop()).toBe(0);
    expect(await livePids(mesh)).toEqual([]);
  });
});
