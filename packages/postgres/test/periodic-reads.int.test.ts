/** What every process asks again and again may not take longer the more there has ever been. */
import { createTestDatabase } from '@weft/testkit';
import type { TestDatabase } from '@weft/testkit';
import { newRunId } from '@weft/testkit/conformance/store-records';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { openStore } from '../src/index.ts';
import type { PostgresStore } from '../src/index.ts';

const ENDED = 20_000;

let database: TestDatabase;
let client: Client;

beforeEach(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
});

afterEach(async () => {
  await client.end();
  await database.drop({ verify: false });
});

test('what is asked in every round, and for every metric, does not read the tasks that ended long ago', async () => {
  await client.query(
    `insert into task (run_id, key, epoch, id, tenant, node, status, attempt, failures, crashes, blamed, lane, priority, reads_at,
        ready_at, settled_at, captured, scope)
      select $1::uuid, 'done#' || n, 0, gen_random_uuid(), 'default', 'done', 'succeeded', 1, 0, 0, false, 'default', 2, 0, now(), now(), '{}', ''
      from generate_series(1, $2) as n`,
    [newRunId(), ENDED],
  );
  await client.query('analyze');
  const before = await rowsRead();
  const store = openStore({ url: database.url, onError: () => undefined });
  await readAll(store);
  // Its connections tell what they have read when they end.
  await store.close();
  expect(await rowsRead()).toEqual(before);
});

async function readAll({ dispatch, gate, queue, reader, budgets, fleet }: PostgresStore): Promise<void> {
  const list = { lane: 'default', tenant: 'default', priority: 2 } as const;
  await dispatch.backlog();
  await dispatch.laneWaits([list], 100);
  await dispatch.topUp(list, 100);
  await dispatch.staleOffers({ olderThanMs: 0, limit: 100, after: null });
  await dispatch.strandedAttempts({ graceMs: 0, limit: 100 });
  await dispatch.dueTimers(60_000, 100);
  await dispatch.neglectedRuns(0, 100);
  await gate.keyedTenants();
  const request = { tenant: 'default', isLimited: true, perList: 10, perKey: () => 10, afterKey: null, adopts: true };
  await gate.pass(request, async () => []);
  await queue.lists();
  await queue.inUse('default', null);
  await reader.counts();
  await budgets.sweep(100);
  await fleet.list();
}

/** How many rows of tasks were read, be it through an index of them all. */
async function rowsRead(): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `select pg_stat_clear_snapshot(), sum(seq_tup_read + idx_tup_fetch)::float8 as n from pg_stat_user_tables where relname like 'task\\_2%'`,
  );
  return rows[0]?.n ?? Number.NaN;
}
