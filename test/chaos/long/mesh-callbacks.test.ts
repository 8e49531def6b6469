import { startServer } from '@weft/testkit/local-server';
import { openRedis } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openMesh } from '../use-mesh.ts';

const SOON = { timeout: 90_000, interval: 50 };
const ECHO = { name: 'told', nodes: { say: { type: 'task', uses: 'echo', with: { a: 1 } } } };

describe.skipIf(testRedisUrl() === null)('callbacks of a mesh', () => {
  test('are told of what was committed before the producer was killed and Redis was emptied', async () => {
    const received: string[] = [];
    let isAnswering = false;
    const receiver = await startServer((request, response) => {
      received.push(String(request.headers['webhook-id']));
      if (isAnswering) response.writeHead(204).end();
    });
    onTestFinished(() => receiver.close());
    const mesh = await openMesh();
    const quick = mesh.by({ WEFT_CALLBACK_RETRIES_MS: '100,100,100,100,100' });
    const [producer] = await Promise.all([quick.producer(), mesh.worker('--concurrency=8')]);
    const callbacks = [{ url: receiver.base }];
    const ids = await Promise.all(
      Array.from(
        { length: 20 },
        async () => (await producer.client.runs.start({ workflow: ECHO, input: {}, callbacks })).id,
      ),
    );
    // Some are at the receiver, which says nothing, some in Redis, some in the outbox alone.
    await expect.poll(() => received.length, SOON).toBeGreaterThan(0);
    await producer.kill();
    const redis = await openRedis({ url: mesh.redis.url, onError: () => undefined });
    await redis.commands.flushall();
    await redis.close();
    isAnswering = true;
    await quick.producer();

    const told = async () =>
      (
        await Promise.all(ids.map((run) => mesh.store.deliveries.list('default', { run, limit: 5, beforeId: null })))
      ).flat();
    await expect.poll(async () => (await told()).map(({ status }) => status), SOON).toEqual(ids.map(() => 'delivered'));
    expect(new Set(received)).toEqual(new Set((await told()).map(({ id }) => id)));
  });
});
