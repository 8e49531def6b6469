import { join } from 'node:path';

import { createClient } from '@weft/sdk';
import { runStatement, testRedisUrl, verifyDatabase } from '@weft/testkit';
import { expect, inject, onTestFinished, test } from 'vitest';

import { startMeshProcess } from '../mesh-process.ts';
import type { MeshProcess } from '../mesh-process.ts';
import { recordRecovery, watchSteps } from '../recovery.ts';
import { openMesh, startRuns } from '../use-mesh.ts';
import { earlierRelease } from './earlier-release.ts';
import { LENGTH, workOf } from './flood.ts';

const HANDLERS = join(import.meta.dirname, '..', 'mesh-handlers.ts');

/** A database that nobody has migrated yet. */
async function emptyDatabase(): Promise<string> {
  const { serverUrl } = inject('weftTestServer');
  const name = `weft_deploy_${crypto.randomUUID().replaceAll('-', '')}`;
  await runStatement(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  onTestFinished(async () => {
    try {
      await verifyDatabase(url.href);
    } finally {
      await runStatement(serverUrl, `drop database ${name} with (force)`);
    }
  });
  return url.href;
}

test.skipIf(testRedisUrl() === null)(
  'F53: a new release, with a migration, joins the one before under a flood, and then takes its place',
  async ({ skip }) => {
    const root = await earlierRelease();
    if (root === null) return skip();
    const databaseUrl = await emptyDatabase();
    const mesh = await openMesh({ databaseUrl });
    const env = { DATABASE_URL: databaseUrl, REDIS_URL: mesh.redis.url, WEFT_DEAD_AFTER_MS: '4000' };
    const main = join(root, 'apps', 'cli', 'src', 'main.ts');
    const earlier: MeshProcess[] = [await startMeshProcess(['producer', '--port=0'], env, main)];
    earlier.push(await startMeshProcess(['worker', '--concurrency=8', `--handlers=${HANDLERS}`], env, main));
    onTestFinished(async () => void (await Promise.all(earlier.map((one) => one.kill()))));
    const [before] = earlier;
    if (!before) throw new Error('no producer');
    const client = createClient({ url: before.ready.url ?? '' });
    const old = { ...before, client };
    const watch = watchSteps(databaseUrl);
    const ids = await startRuns(old, 300, workOf(mesh, { ms: 80 }));
    await expect.poll(async () => (await watch.steps()) ?? 0, { timeout: 60_000 }).toBeGreaterThan(350);

    const producer = await mesh.producer();
    await mesh.worker('--concurrency=8');
    ids.push(...(await startRuns(producer, 40, workOf(mesh, { ms: 20 }))));
    ids.push(...(await startRuns(old, 40, workOf(mesh, { ms: 20 }))));
    // Another version of the workflow that runs are in the middle of.
    const other = { ...workOf(mesh, { ms: 1 }), output: { changed: true } };
    const [changed = ''] = await startRuns(producer, 1, other);
    const since = performance.now();
    for (const one of earlier) expect(await one.stop()).toBe(0);
    recordRecovery('F53', Math.min(performance.now() - since, await watch.untilNextStep()));

    await mesh.allSucceed(ids, LENGTH);
    expect((await mesh.store.reader.run('default', changed))?.output).toEqual({ changed: true });
    const tasks = await Promise.all(ids.map((id) => mesh.store.reader.tasks(id, { limit: 9, after: null })));
    expect(tasks.flat().filter(({ crashes, failures }) => crashes + failures > 0)).toEqual([]);
  },
);
