import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { migrate } from '@weft/postgres';
import { runStatement, startPostgresProxy, testRedisUrl, verifyDatabase } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openOwnPostgres } from '../own-postgres.ts';
import { recordRecovery } from '../recovery.ts';
import { chain } from '../use-mesh.ts';
import { openFlood } from './flood.ts';
import type { Flood } from './flood.ts';
import { canMount, mountSmallDisk } from './small-disk.ts';

const SOON = { timeout: 60_000, interval: 100 };
/** As whom Postgres runs where root starts it. */
const NOBODY = 65_534;
const MANY = 100;

/** Sends runs until one is refused; gives the ids of those that were accepted, and the status of the refusal. */
async function sendUntilRefused({ producer }: Flood): Promise<{ ids: string[]; status: number }> {
  const ids: string[] = [];
  const filler = 'x'.repeat(50_000);
  for (;;) {
    const workflow = chain(3, { uses: 'echo', with: { n: 1 } });
    const response = await fetch(`${producer.ready.url}/v1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ workflow, input: { filler } }),
    });
    const body = (await response.json()) as { id?: string };
    if (response.status !== 201) return { ids, status: response.status };
    ids.push(body.id ?? '');
  }
}

describe.skipIf(testRedisUrl() === null || !canMount())('a flood', () => {
  test('F32: is answered 503 when the space of its tables is full, and goes on once there is room', async () => {
    const disk = mountSmallDisk(96);
    const postgres = await openOwnPostgres();
    const folder = join(disk.path, 'space');
    mkdirSync(folder);
    chownSync(folder, NOBODY, NOBODY);
    await runStatement(postgres.direct(), `create tablespace small location '${folder}'`);
    await runStatement(postgres.direct(), 'create database small tablespace small');
    const small = new URL(postgres.direct());
    small.pathname = '/small';
    await migrate(small.href);
    const proxy = await startPostgresProxy(small.href);
    onTestFinished(async () => {
      await proxy.stop();
      await verifyDatabase(small.href);
    });
    const flood = await openFlood({ databaseUrl: proxy.url });
    const ids = await flood.send(100, 40);
    await flood.underWay();
    disk.fill(256 * 1024);
    const { ids: accepted, status } = await sendUntilRefused(flood);
    expect(status).toBe(503);
    expect((await fetch(`${flood.producer.ready.url}/healthz`)).status).toBe(200);
    await runStatement(postgres.direct(), 'select 1');
    disk.empty();
    const more = flood.send(MANY, 1);
    recordRecovery('F32', await flood.watch.untilNextStep());
    await flood.succeed([...ids, ...(await more)]);
    await flood.mesh.allSucceed(accepted, 3);
  });

  test('F33: loses nothing it was promised when the log of Postgres finds no room and the server ends', async () => {
    const disk = mountSmallDisk(256);
    const settings = { max_wal_size: '64MB', min_wal_size: '32MB', wal_recycle: 'off' };
    const postgres = await openOwnPostgres({ dataDir: disk.path, settings });
    const flood = await openFlood({ databaseUrl: postgres.url });
    const ids = await flood.send(100, 40);
    await flood.underWay();
    disk.fill(1024 * 1024);
    const { ids: accepted, status } = await sendUntilRefused(flood);
    expect(status).toBe(503);
    const isGone = () =>
      runStatement(postgres.direct(), 'select 1').then(
        () => false,
        () => true,
      );
    await expect.poll(isGone, SOON).toBe(true);
    disk.empty();
    await postgres.stop();
    await postgres.start();
    const more = flood.send(MANY, 1);
    recordRecovery('F33', await flood.watch.untilNextStep());
    await flood.succeed([...ids, ...(await more)]);
    await flood.mesh.allSucceed(accepted, 3);
  });
});
