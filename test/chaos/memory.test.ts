import type { JsonObject } from '@weft/contract';
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { memoryGroup } from './memory-group.ts';
import { chain, openMesh, startRuns } from './use-mesh.ts';
import type { Mesh } from './use-mesh.ts';

const MIB = 1024 * 1024;
const LIMIT_MIB = 300;
const SOON = { timeout: 60_000, interval: 50 };

const hungry = (mesh: Mesh, more: JsonObject) =>
  chain(1, { uses: 'handler:hungry', with: { notes: mesh.notes, ...more } });

const worker = async ({ store }: Mesh) => (await store.fleet.list()).find(({ endedAt }) => endedAt === null);

describe.skipIf(testRedisUrl() === null)('a worker whose memory is limited', () => {
  test('F57: runs all of a flood of tasks that take 40 MiB each within 300 MiB, few at a time, and is not killed', async (context) => {
    const group = memoryGroup(LIMIT_MIB * MIB);
    if (!group) return context.skip('no control group can be made here');
    const mesh = await openMesh();
    const [producer, limited] = await Promise.all([
      mesh.producer(),
      mesh.through(...group.through).worker('--concurrency=50'),
    ]);
    const ids = await startRuns(producer, 60, hungry(mesh, { mib: 40, ms: 50 }));
    let most = 0;
    const watch = setInterval(
      () => void worker(mesh).then((one) => (most = Math.max(most, one?.health?.memoryBytes ?? 0))),
      200,
    );
    onTestFinished(() => clearInterval(watch));

    await mesh.allSucceed(ids, 1);
    expect(group.kills()).toBe(0);
    const record = await worker(mesh);
    expect(record).toMatchObject({ pid: limited.ready.pid, health: { limitBytes: LIMIT_MIB * MIB } });
    expect(most).toBeLessThan(LIMIT_MIB * MIB);
    expect(await limited.stop()).toBe(0);
    group.remove();
  });

  test('F57: told how much it may use it keeps to that, and shows how it is', async () => {
    const mesh = await openMesh();
    const [producer] = await Promise.all([
      mesh.producer(),
      mesh.worker('--concurrency=50', `--memory-limit=${LIMIT_MIB}`),
    ]);
    const ids = await startRuns(producer, 40, hungry(mesh, { mib: 40, ms: 50 }));
    await mesh.allSucceed(ids, 1);

    const shown = async () => (await producer.client.workers.list()).items[0];
    await expect.poll(shown, SOON).toMatchObject({
      memoryLimitBytes: LIMIT_MIB * MIB,
      memoryBytes: expect.any(Number),
      healthScore: expect.any(Number),
    });
    const { healthScore = 0, zone, slotsEffective = 0 } = (await shown()) ?? {};
    expect(healthScore).toBeGreaterThan(0.05);
    expect(zone).toMatch(/green|yellow|orange/);
    expect(slotsEffective).toBeLessThan(50);
  });

  test('T5: a command that takes a gigabyte is ended, and the worker goes on', async (context) => {
    const group = memoryGroup(LIMIT_MIB * MIB);
    if (!group) return context.skip('no control group can be made here');
    const mesh = await openMesh();
    const [producer, limited] = await Promise.all([mesh.producer(), mesh.through(...group.through).worker()]);
    const script = `const held = []; setInterval(() => held.push(Buffer.alloc(${16 * MIB}, 1)), 10);`;
    const greedy = { uses: 'process', with: { command: process.execPath, args: ['-e', script] } };
    const [bad = ''] = await startRuns(producer, 1, chain(1, greedy));
    const run = () => mesh.store.reader.run('default', bad);

    await expect.poll(async () => (await run())?.head.status, SOON).toBe('failed');
    const [task] = await mesh.store.reader.tasks(bad, { limit: 1, after: null });
    expect(['memory_exceeded', 'process_exit']).toContain(task?.error?.code);
    expect(task).toMatchObject({ crashes: 0 });
    await mesh.allSucceed(await startRuns(producer, 20, chain(2, { uses: 'echo', with: { n: 1 } })), 2);
    expect(await limited.stop()).toBe(0);
    group.remove();
  });
});
