/** Mesh executions, while those who tell and carry them out die. */
import { createClient } from '@weft/sdk';
import type { MeshItem } from '@weft/sdk';
import { freePort, testRedisUrl } from '@weft/testkit';
import { startPromptServer } from '@weft/testkit/prompt-server';
import { describe, expect, onTestFinished, test } from 'vitest';

import { startMeshProcess } from '../mesh-process.ts';
import { openMesh } from '../use-mesh.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };

describe.skipIf(testRedisUrl() === null)('a mesh execution', () => {
  test('F08, F10: goes on and is told whole while its producer is killed in the middle of the stream, and then its worker', async () => {
    const mesh = await openMesh();
    const server = await startPromptServer();
    onTestFinished(() => server.close());
    const port = await freePort();
    const env = { DATABASE_URL: mesh.databaseUrl, REDIS_URL: mesh.redis.url, WEFT_DEAD_AFTER_MS: '4000' };
    const produce = async () => {
      const started = await startMeshProcess(['producer', `--port=${port}`], env);
      onTestFinished(() => started.kill());
      return started;
    };
    const [producer, worker] = await Promise.all([produce(), mesh.worker()]);
    const client = createClient({ url: `http://127.0.0.1:${port}` });
    await client.endpoints.create({ name: 'one', protocol: 'api_chat', url: server.url, maxConcurrent: 8 });
    const steps = [
      { id: 'a', prompt: 'say a' },
      { id: 'b', prompt: 'hold b', dependsOn: ['a'] },
      { id: 'c', prompt: 'hold c', dependsOn: ['b'] },
      { id: 'd', prompt: 'tell', dependsOn: ['a', 'c'] },
    ];
    const items: MeshItem[] = [];
    let reconnects = 0;
    const telling = (async () => {
      for await (const item of client.mesh.execute({ steps }, { onReconnect: () => (reconnects += 1) }))
        items.push(item);
    })();
    await expect.poll(() => server.held(), PATIENCE).toEqual(['b']);
    await expect.poll(() => items.length, PATIENCE).toBeGreaterThanOrEqual(2);
    await producer.kill();
    server.release('b');
    await expect.poll(() => server.held(), PATIENCE).toEqual(['c']);
    await produce();
    // Whoever asks for c now dies with the question; another worker asks again.
    await worker.kill();
    server.release('c');
    await mesh.worker();
    await expect.poll(() => server.held(), PATIENCE).toEqual(['c']);
    server.release('c');
    await telling;

    expect(reconnects).toBeGreaterThan(0);
    const lines = items.map(({ event, data }) => ('stepId' in data ? `${event} ${data.stepId}` : event));
    expect(lines).toEqual([
      ...['a', 'b', 'c', 'd'].flatMap((id) => [`step-started ${id}`, `step-completed ${id}`]),
      'workflow-completed',
    ]);
    expect(items.at(-1)?.data).toMatchObject({ status: 'succeeded', results: { b: 'held b', c: 'held c' } });
  });
});
