import { createTestDatabase, runStatement, startPostgresProxy } from '@weft/testkit';
import type { PostgresProxy, TestDatabase } from '@weft/testkit';
import { change, newRun, settleOne, submitRun } from '@weft/testkit/conformance/store-records';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { openStore } from '../src/index.ts';
import type { PostgresStore } from '../src/index.ts';

const END_OTHERS = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;

let database: TestDatabase;
let proxy: PostgresProxy;
let direct: PostgresStore;

function open(url: string, maxConnections = 2): PostgresStore {
  return openStore({ url, maxConnections, onError: () => undefined });
}

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startPostgresProxy(database.url);
  direct = open(database.url);
});

afterAll(async () => {
  await direct.close();
  await proxy.stop();
  await database.drop({ verify: false });
});

/** A store of the test's own, by way of the proxy. */
function throughProxy(maxConnections?: number): PostgresStore {
  const store = open(proxy.url, maxConnections);
  onTestFinished(async () => {
    proxy.loseCommits(() => false);
    await store.close();
  });
  return store;
}

async function blocked(client: Client): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.n ?? 0;
}

const stepOf = async (id: string) => (await direct.reader.run('acme', id))?.head.step;

describe('a commit whose answer is lost', () => {
  test('A11 F35: is reported as unknown, and was done', async () => {
    const store = throughProxy();
    const { id } = await submitRun(direct);
    await settleOne(store, id);
    proxy.loseCommits(() => true);

    const unknown = { code: 'store_unavailable', transient: true, outcomeUnknown: true };
    await expect(store.runs.settle([change(id)], { wait: false })).rejects.toMatchObject(unknown);
    expect(await stepOf(id)).toBe(3);
  });

  test('A11: of a submission is found when it is sent again', async () => {
    const store = throughProxy();
    const run = newRun();
    proxy.loseCommits(() => true);
    await expect(store.runs.submit([run])).rejects.toMatchObject({ outcomeUnknown: true });
    proxy.loseCommits(() => false);

    expect(await store.runs.submit([run])).toEqual([{ kind: 'created' }]);
    expect(await stepOf(run.head.id)).toBe(1);
  });
});

describe('a connection that breaks', () => {
  test('A11: before the commit is sent changes nothing, and it is known that it did not', async () => {
    // One connection, so that none is left over that the cut has broken as well.
    const store = throughProxy(1);
    const { id } = await submitRun(direct);
    const cutting = change(id, () => {
      proxy.cut();
      return {};
    });

    await expect(store.runs.settle([cutting], { wait: false })).rejects.toMatchObject({
      code: 'store_unavailable',
      transient: true,
    });
    expect(await stepOf(id)).toBe(1);
    expect(await store.runs.settle([change(id)], { wait: false })).toMatchObject([{ kind: 'settled' }]);
  });

  test('is replaced, whether it was idle or at work, and by the server or the network', async () => {
    const store = throughProxy();
    const { id } = await submitRun(store);
    proxy.cut();
    await expect.poll(() => store.reader.run('acme', id).catch(() => null), { timeout: 3000 }).not.toBeNull();
    await runStatement(database.url, END_OTHERS);
    await expect.poll(() => store.reader.run('acme', id).catch(() => null), { timeout: 3000 }).not.toBeNull();
  });

  test('A11: at the hand of the server while it works may be tried again', async () => {
    const store = open(database.url, 1);
    onTestFinished(() => store.close());
    const { id } = await submitRun(store);
    const holder = new Client({ connectionString: database.url });
    holder.on('error', () => undefined);
    await holder.connect();
    await holder.query('begin');
    await holder.query('select 1 from run where id = $1 for update', [id]);
    const settling = store.runs.settle([change(id)], { wait: true });
    settling.catch(() => undefined);
    await expect.poll(() => blocked(holder), { timeout: 3000 }).toBe(1);
    await holder.query(END_OTHERS);

    await expect(settling).rejects.toMatchObject({ transient: true, outcomeUnknown: false });
    await holder.end();
    expect(await store.runs.settle([change(id)], { wait: true })).toMatchObject([{ kind: 'settled' }]);
  });
});

describe('a database that cannot be had', () => {
  test('A11: is no verdict on what was to be stored, whatever the reason', async () => {
    const url = new URL(database.url);
    const nowhere = [
      Object.assign(new URL(url), { port: '1' }),
      Object.assign(new URL(url), { pathname: '/unknown' }),
      Object.assign(new URL(url), { username: 'nobody' }),
    ];
    for (const { href } of nowhere) {
      const store = open(href);
      const refused = { code: 'store_unavailable', transient: true, outcomeUnknown: false };
      await expect(store.runs.submit([newRun()])).rejects.toMatchObject(refused);
      await store.close();
    }
  });

  test('A11: of another schema is no verdict on an outcome either', async () => {
    const other = await createTestDatabase();
    const store = open(other.url);
    onTestFinished(async () => {
      await store.close();
      await other.drop({ verify: false });
    });
    await runStatement(other.url, 'alter table step rename column facts to fact');

    await expect(store.runs.submit([newRun()])).rejects.toMatchObject({ code: 'store_unavailable', transient: true });
  });
});
