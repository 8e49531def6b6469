import { ConnectionError } from '@weft/sdk';
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { chain, openMesh, startRuns } from './use-mesh.ts';
import type { Mesh, Producer } from './use-mesh.ts';

const SOON = { timeout: 30_000, interval: 20 };
const LENGTH = 2;

const work = (mesh: Mesh) => chain(LENGTH, { uses: 'handler:work', with: { notes: mesh.notes } });

/** Sends as clients do that lose their producer: the same request with the same key to another one. */
async function startSurely(mesh: Mesh, producers: readonly Producer[], key: string): Promise<string> {
  for (const [index, { client }] of producers.entries()) {
    try {
      return (await client.runs.start({ workflow: work(mesh) }, { idempotencyKey: key })).id;
    } catch (error) {
      if (!(error instanceof ConnectionError) || index === producers.length - 1) throw error;
    }
  }
  throw new Error('no producer');
}

describe.skipIf(testRedisUrl() === null)('a producer process', () => {
  test('F08: killed while it takes submissions leaves each of them wholly or not at all, and a retry gives the same run', async () => {
    const mesh = await openMesh();
    const [victim, other] = await Promise.all([mesh.producer(), mesh.producer(), mesh.worker()]);
    const answered: string[] = [];
    const sending = Array.from({ length: 150 }, async (_, n) => {
      const id = await startSurely(mesh, [victim, other], `key-${n}`);
      answered.push(id);
      return id;
    });
    await expect.poll(() => answered.length, { ...SOON, interval: 1 }).toBeGreaterThan(5);
    const killing = victim.kill();
    const answeredBefore = answered.length;
    await killing;
    const ids = await Promise.all(sending);
    const again = await Promise.all(ids.map((_, n) => startSurely(mesh, [other], `key-${n}`)));

    expect(answeredBefore).toBeLessThan(150);
    expect(again).toEqual(ids);
    await mesh.allSucceed(ids, LENGTH);
    expect(await mesh.store.reader.runs({ tenant: 'default', limit: 1000 })).toHaveLength(150);
  });

  test('F46: one of two gets the same key a hundred times at once, and there is one run; another request is refused', async () => {
    const mesh = await openMesh();
    const [one, two] = await Promise.all([mesh.producer(), mesh.producer(), mesh.worker()]);
    const ids = await Promise.all(
      Array.from({ length: 100 }, (_, n) => startSurely(mesh, [n % 2 === 0 ? one : two], 'the same')),
    );

    expect(new Set(ids).size).toBe(1);
    const other = two.client.runs.start(
      { workflow: work(mesh), input: { other: true } },
      { idempotencyKey: 'the same' },
    );
    await expect(other).rejects.toMatchObject({ status: 409 });
    await mesh.allSucceed([...new Set(ids)], LENGTH);
  });

  test('F09: what it accepted outlives kill -9 of everything and an emptied Redis', async () => {
    const mesh = await openMesh();
    const [producer, worker] = await Promise.all([mesh.producer(), mesh.worker('--concurrency=4')]);
    const ids = await startRuns(producer, 100, work(mesh));
    const killed = [producer.kill(), worker.kill(), mesh.redis.kill()];
    await Promise.all(killed);
    expect(await mesh.countOf('succeeded')).toBeLessThan(100);
    await mesh.redis.restart();
    await Promise.all([mesh.producer(), mesh.worker()]);

    await mesh.allSucceed(ids, LENGTH);
  });

  test('F63: with sweepers in five processes a death is counted once, and each wake-up wakes once', async () => {
    const mesh = await openMesh();
    const [producer, , victim] = await Promise.all([
      mesh.producer(),
      mesh.producer(),
      mesh.worker('--concurrency=10', '--name=victim'),
    ]);
    const held = chain(1, { uses: 'handler:work', with: { notes: mesh.notes, gate: mesh.gate.file } });
    const flaky = chain(2, {
      uses: 'handler:flaky',
      with: { notes: mesh.notes },
      retry: { maxAttempts: 2, initialMs: 400 },
    });
    const stranded = await startRuns(producer, 10, held);
    await expect.poll(() => mesh.noted('began').length, SOON).toBe(10);
    const isRunning = async () => {
      const tasks = await Promise.all(stranded.map((id) => mesh.store.reader.tasks(id, { limit: 9, after: null })));
      return tasks.flat().every(({ status }) => status === 'running');
    };
    await expect.poll(isRunning, SOON).toBe(true);
    await Promise.all([mesh.worker(), mesh.worker()]);
    await victim.kill();
    const waking = await startRuns(producer, 40, flaky);
    mesh.gate.open();

    const tasksOf = async (ids: string[]) => {
      const tasks = await Promise.all(ids.map((id) => mesh.store.reader.tasks(id, { limit: 9, after: null })));
      return tasks.flat().map(({ attempt, failures, crashes }) => ({ attempt, failures, crashes }));
    };
    await mesh.allSucceed(stranded, 1);
    await mesh.allSucceed(waking, 2);
    expect(await tasksOf(stranded)).toEqual(stranded.map(() => ({ attempt: 2, failures: 0, crashes: 1 })));
    const twice = await tasksOf(waking);
    expect(twice).toEqual(twice.map(() => ({ attempt: 2, failures: 1, crashes: 0 })));
    expect(mesh.noted('began')).toHaveLength(10 + 10 + 2 * twice.length);
  });
});
