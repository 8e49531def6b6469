import { testRedisUrl } from '@weft/testkit';
import { Client } from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openOwnPostgres } from '../own-postgres.ts';
import type { OwnPostgres } from '../own-postgres.ts';
import { recordRecovery } from '../recovery.ts';
import { chain, startRuns } from '../use-mesh.ts';
import { endedWorkers, openFlood } from './flood.ts';

const SOON = { timeout: 60_000, interval: 20 };

/** A session that does not go by the proxy. */
async function connect(database: OwnPostgres): Promise<Client> {
  const client = new Client({ connectionString: database.direct() });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end().catch(() => undefined));
  return client;
}

async function openFlooded(settings: Record<string, string> = {}) {
  const database = await openOwnPostgres({ settings });
  const flood = await openFlood({ databaseUrl: database.url });
  return { database, ...flood };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(testRedisUrl() === null)('a flood', () => {
  test('F23: loses and doubles nothing when one backend of Postgres is killed, and all others end with it', async () => {
    const { database, send, succeed, underWay, watch } = await openFlooded();
    const ids = await send(400, 40);
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      await underWay();
      const client = await connect(database);
      const { rows } = await client.query<{ pid: number }>(
        `select pid from pg_stat_activity where application_name = 'weft' order by random() limit 1`,
      );
      process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
      times.push(await watch.untilNextStep());
    }
    recordRecovery('F23', Math.max(...times));
    expect(Math.max(...times)).toBeLessThan(10_000);
    await succeed(ids);
  });

  test('F25: is answered 503 while Postgres is down, and goes on by itself once it is up', async () => {
    const { database, producer, send, succeed, underWay, watch } = await openFlooded();
    const ids = await send(300, 40);
    await underWay();
    await database.stop();
    const asked = await fetch(`${producer.ready.url}/v1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ workflow: chain(1, { uses: 'echo' }) }),
    });
    expect(asked.status).toBe(503);
    expect(Number(asked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${producer.ready.url}/healthz`)).status).toBe(200);
    await pause(20_000);
    await database.start();
    const ms = await watch.untilNextStep();
    recordRecovery('F25', ms);
    expect(ms).toBeLessThan(10_000);
    await succeed([...ids, ...(await send(10, 1))]);
  });

  test('F27: waits while somebody holds the tables locked, and nobody is taken for dead', async () => {
    const { database, mesh, send, succeed, underWay, watch } = await openFlooded();
    const ids = await send(300, 40);
    await underWay();
    const client = await connect(database);
    await client.query('begin');
    await client.query('lock table run, task in access exclusive mode');
    await pause(15_000);
    await client.query('rollback');
    const ms = await watch.untilNextStep();
    recordRecovery('F27', ms);
    expect(await endedWorkers(mesh)).toEqual([]);
    await succeed(ids);
  });

  test('F28: goes on when a worker is stopped in the middle of a transaction, whose locks are taken from it', async () => {
    const { database, mesh, producer, watch } = await openFlooded();
    const client = await connect(database);
    const victim = await mesh.worker('--concurrency=40');
    const flaky = { uses: 'handler:flaky', with: { notes: mesh.notes }, retry: { maxAttempts: 2, initialMs: 300 } };
    const ids: string[] = [];
    const isHeld = async (): Promise<boolean> => {
      const { rows } = await client.query(`select 1 from pg_stat_activity where application_name = 'weft'
        and state = 'idle in transaction' and state_change < now() - interval '500 ms'`);
      return rows.length > 0;
    };
    for (let tries = 0; tries < 60; tries++) {
      ids.push(...(await startRuns(producer, 20, chain(2, flaky))));
      victim.signal('SIGSTOP');
      await pause(700);
      if (await isHeld()) break;
      victim.signal('SIGCONT');
    }
    expect(await isHeld()).toBe(true);
    const since = performance.now();
    await expect.poll(isHeld, { ...SOON, interval: 100 }).toBe(false);
    recordRecovery('F28', performance.now() - since);
    await watch.untilNextStep().catch(() => 0);
    await mesh.allSucceed(ids, 2);
    victim.signal('SIGCONT');
    await mesh.allSucceed(await startRuns(producer, 10, chain(2, flaky)), 2);
  });

  test('F31: is answered 503 when Postgres takes no more connections, and goes on once it does', async () => {
    const { database, producer, send, succeed, underWay, watch, mesh } = await openFlooded({ max_connections: '60' });
    const ids = await send(300, 40);
    await underWay();
    const admin = await connect(database);
    const greedy: Client[] = [];
    /** Takes whatever connection is free until the server refuses. */
    const takeAll = async (): Promise<void> => {
      for (;;) {
        const client = new Client({ connectionString: database.direct() });
        client.on('error', () => undefined);
        try {
          await client.connect();
        } catch (error) {
          expect(error).toMatchObject({ code: '53300' });
          return;
        }
        greedy.push(client);
      }
    };
    const isFull = async (): Promise<boolean> => {
      await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'weft'`);
      await takeAll();
      const { rows } = await admin.query(`select 1 from pg_stat_activity where application_name = 'weft'`);
      return rows.length === 0;
    };
    await expect.poll(isFull, SOON).toBe(true);
    const answer = producer.client.runs.start({ workflow: chain(1, { uses: 'echo' }) });
    await expect(answer).rejects.toMatchObject({ status: 503 });
    await pause(3000);
    await Promise.all(greedy.map((client) => client.end()));
    const ms = await watch.untilNextStep();
    recordRecovery('F31', ms);
    expect(ms).toBeLessThan(10_000);
    await succeed(ids);
    expect((await mesh.store.fleet.list()).length).toBeGreaterThan(0);
  });
});
