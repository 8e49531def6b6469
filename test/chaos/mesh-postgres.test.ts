import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startPostgres } from '@weft/embedded';
import { migrate } from '@weft/postgres';
import { startPostgresProxy, testRedisUrl, verifyDatabase } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { chain, openMesh, startRuns } from './use-mesh.ts';

const SOON = { timeout: 30_000, interval: 20 };
const LENGTH = 3;

/** A Postgres that can be started anew, at an address that stays. It writes to the disk, as it does in production. */
async function openRestartable() {
  const dataDir = mkdtempSync(join(tmpdir(), 'weft-restart-'));
  chmodSync(dataDir, 0o755);
  let postgres = await startPostgres({ dataDir });
  await migrate(postgres.url);
  const proxy = await startPostgresProxy(postgres.url);
  onTestFinished(async () => {
    await proxy.stop();
    await verifyDatabase(postgres.url);
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const restart = async (): Promise<void> => {
    await postgres.stop();
    postgres = await startPostgres({ dataDir });
    proxy.retarget(postgres.url);
  };
  return {
    url: proxy.url,
    restart,
    /** Ends it as `pg_ctl stop -m immediate` does: it has to recover from its log. */
    async crash() {
      const postmaster = Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
      process.kill(postmaster, 'SIGQUIT');
      await restart();
    },
  };
}

describe.skipIf(testRedisUrl() === null)('a flood through processes', () => {
  test('F24: loses and doubles nothing when Postgres is restarted, and then crashes', async () => {
    const database = await openRestartable();
    const mesh = await openMesh({ databaseUrl: database.url });
    const workers = [mesh.worker('--concurrency=8'), mesh.worker('--concurrency=8')];
    const [producer] = await Promise.all([mesh.producer(), ...workers]);
    const workflow = chain(LENGTH, { uses: 'handler:work', with: { notes: mesh.notes, ms: 15 } });
    const ids = await startRuns(producer, 240, workflow);
    const succeeded = () => mesh.countOf('succeeded').catch(() => 0);
    await expect.poll(succeeded, SOON).toBeGreaterThan(20);
    await database.restart();
    await expect.poll(succeeded, SOON).toBeGreaterThan(80);
    await database.crash();
    expect(await mesh.countOf('succeeded')).toBeLessThan(ids.length);

    await mesh.allSucceed(ids, LENGTH);
    const more = await startRuns(producer, 20, workflow);
    await mesh.allSucceed(more, LENGTH);
  });
});
