/** Dead letters, while everything around them dies. */
import { openRedis } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { chain, openMesh, startRuns } from './use-mesh.ts';

const PATIENCE = { timeout: 60_000, interval: 50 };
const COUNT = 10;

describe.skipIf(testRedisUrl() === null)('dead letters', () => {
  test('survive kill -9 of all processes and a wiped Redis; a retry that was answered is carried out, once', async () => {
    const mesh = await openMesh();
    const [first, victim] = await Promise.all([mesh.producer(), mesh.worker()]);
    const workflow = chain(2, { uses: 'handler:flaky', with: { notes: mesh.notes } });
    const ids = await startRuns(first, COUNT, workflow);
    await expect.poll(() => mesh.countOf('failed'), PATIENCE).toBe(COUNT);

    await Promise.all([first.kill(), victim.kill()]);
    const redis = await openRedis({ url: mesh.redis.url, onError: () => undefined });
    await redis.commands.flushall();
    await redis.close();
    const second = await mesh.producer();
    const letters = await second.client.deadLetters.list({ workflow: 'chain' });
    expect(letters.items.map(({ runId }) => runId).toSorted()).toEqual(ids.toSorted());
    const done = await second.client.deadLetters.retryMany({ workflow: 'chain' }, { idempotencyKey: 'again' });
    await second.kill();
    expect(done).toMatchObject({ done: COUNT });

    const [third] = await Promise.all([mesh.producer(), mesh.worker()]);
    expect(await third.client.deadLetters.retryMany({ code: 'none' })).toMatchObject({ done: 0, items: [] });
    // The second node of each fails as well, at first.
    await expect
      .poll(async () => (await third.client.deadLetters.list({ node: 'n1' })).items.length, PATIENCE)
      .toBe(COUNT);
    expect(await third.client.deadLetters.retryMany({ node: 'n1' })).toMatchObject({ done: COUNT });
    await mesh.allSucceed(ids, 2);
    expect(mesh.noted('began')).toHaveLength(4 * COUNT);
  });
});
