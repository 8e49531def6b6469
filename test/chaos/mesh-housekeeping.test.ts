import { openRedis } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { expect, onTestFinished, test } from 'vitest';

import { openMesh } from './use-mesh.ts';

const CHORES = ['partitions', 'expired_keys', 'ended_workers'];
/** Processes look after their chores every ten seconds. */
const SOON = { timeout: 30_000, interval: 100 };

test.skipIf(testRedisUrl() === null)('F11: five processes share the chores, also after Redis was emptied', async () => {
  const mesh = await openMesh();
  const processes = await Promise.all([
    mesh.producer(),
    mesh.producer(),
    mesh.worker(),
    mesh.worker(),
    mesh.worker('--concurrency=5'),
  ]);
  const done = () => {
    const lines = processes.flatMap(({ log }) => log().split('\n'));
    return CHORES.map((chore) => lines.filter((line) => line.includes(`"chore":"${chore}"`)).length);
  };
  await expect.poll(done, SOON).toEqual([1, 1, 1]);
  const redis = await openRedis({ url: mesh.redis.url });
  onTestFinished(() => redis.close());
  await redis.commands.flushall();
  await expect.poll(done, SOON).toEqual([2, 2, 2]);

  for (const one of processes) expect(await one.stop()).toBe(0);
  expect(done()).toEqual([2, 2, 2]);
});
