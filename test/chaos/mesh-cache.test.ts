import type { JsonObject } from '@weft/contract';
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { chain, openMesh, startRuns } from './use-mesh.ts';
import type { Mesh } from './use-mesh.ts';

const SOON = { timeout: 40_000, interval: 20 };
const RUNS = 50;

function cachedWork({ notes, gate }: Mesh): JsonObject {
  return { uses: 'handler:work', with: { notes, gate: gate.file }, cache: { ttlMs: 3_600_000 } };
}

async function tasksOf({ store }: Mesh, runIds: readonly string[]) {
  const tasks = await Promise.all(runIds.map((id) => store.reader.tasks(id, { limit: 10, after: null })));
  return tasks.flat();
}

async function runningIn(mesh: Mesh, runIds: readonly string[]): Promise<Set<string>> {
  const tasks = await tasksOf(mesh, runIds);
  return new Set(tasks.flatMap(({ status, worker }) => (status === 'running' && worker !== null ? [worker] : [])));
}

describe.skipIf(testRedisUrl() === null)('equal cached tasks in two worker processes', () => {
  test('are run once, and so are those that come later', async () => {
    const mesh = await openMesh();
    const [producer] = await Promise.all([
      mesh.producer(),
      mesh.worker('--concurrency=30'),
      mesh.worker('--concurrency=30'),
    ]);
    const ids = await startRuns(producer, RUNS, chain(1, cachedWork(mesh)));
    await expect.poll(async () => (await runningIn(mesh, ids)).size, SOON).toBe(2);
    mesh.gate.open();
    await mesh.allSucceed(ids, 1);
    const later = await startRuns(producer, RUNS, chain(1, cachedWork(mesh)));
    await mesh.allSucceed(later, 1);

    expect(mesh.noted('began')).toHaveLength(1);
    const tasks = await tasksOf(mesh, [...ids, ...later]);
    expect(tasks.filter(({ cached }) => cached)).toHaveLength(2 * RUNS - 1);
  });

  test('F02: go on in the other process when the one that runs them is killed', async () => {
    const mesh = await openMesh();
    const [producer, ...workers] = await Promise.all([
      mesh.producer(),
      mesh.worker('--concurrency=30'),
      mesh.worker('--concurrency=30'),
    ]);
    const ids = await startRuns(producer, RUNS, chain(1, cachedWork(mesh)));
    await expect.poll(async () => (await runningIn(mesh, ids)).size, SOON).toBe(2);
    const [leader] = mesh.noted('began');
    await workers.find(({ ready }) => ready.pid === leader?.pid)?.kill();
    const killedAt = performance.now();
    await expect.poll(() => mesh.noted('began').length, SOON).toBe(2);
    expect(performance.now() - killedAt).toBeLessThan(20_000);
    mesh.gate.open();

    await mesh.allSucceed(ids, 1);
    expect(mesh.noted('began')).toHaveLength(2);
    expect(mesh.noted('ended').map(({ pid }) => pid)).not.toContain(leader?.pid);
  });
});
