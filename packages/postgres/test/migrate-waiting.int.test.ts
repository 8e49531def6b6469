import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestDatabase } from '@weft/testkit';
import type { TestDatabase } from '@weft/testkit';
import { look, newRunId, settleOne, task } from '@weft/testkit/conformance/store-records';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { migrate, openStore } from '../src/index.ts';
import type { PostgresStore } from '../src/index.ts';

const BEFORE = ['0001_engine', '0002_cheaper_writes'];
const TABLES = ['run', 'run_body', 'task', 'task_join', 'step', 'channel_write', 'timer', 'inbox', 'usage'];
const WEEK_MS = 7 * 24 * 3_600_000;
const MONDAY = Date.now() - ((Date.now() - Date.UTC(2024, 0, 1)) % WEEK_MS);

const runId = newRunId();
const ids = ['waits#0', 'ready#0', 'done#0'].map((key) => task(runId, key).id);

let database: TestDatabase;
let store: PostgresStore;

/** The schema as the version before made it. */
async function makeOldSchema(url: string): Promise<void> {
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: url }) }) });
  await sql`drop schema public cascade`.execute(db);
  await sql`create schema public`.execute(db);
  const folder = join(import.meta.dirname, '..', 'migrations');
  const texts = await Promise.all(BEFORE.map((name) => readFile(join(folder, `${name}.sql`), 'utf8')));
  const migrations = BEFORE.map((name, n) => [
    name,
    { up: (on: Kysely<unknown>) => sql.raw(texts[n] ?? '').execute(on) },
  ]);
  const provider = { getMigrations: async () => Object.fromEntries(migrations) as never };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  await db.destroy();
  if (error !== undefined) throw error;
}

/** A run that works: one task waits for its next attempt, one is ready, one has ended; and a message is on its way. */
async function fillOldSchema(client: Client): Promise<void> {
  const week = new Date(MONDAY).toISOString().slice(0, 10).replaceAll('-', '');
  const end = (MONDAY + WEEK_MS).toString(16).padStart(12, '0');
  for (const table of TABLES) {
    await client.query(`create table ${table}_${week} partition of ${table}
      for values from ('00000000-0000-0000-0000-000000000000') to ('${end.slice(0, 8)}-${end.slice(8)}-0000-0000-000000000000')`);
  }
  await client.query(
    `insert into run values ('${runId}', 'acme', 'flow', 1, 'running', 0, 1, 2, 0, 0, 0, 0, 2, now(), null);
    insert into run_body values ('${runId}', '{}', '{}', '{}', null, null);
    insert into step values ('${runId}', 1, 0, 0, 'run_started', null, null, null, null, null, now(), '{"v":1}');
    insert into timer values ('${runId}', 'waits#0', 'retry', 2, now() + interval '1 hour');
    insert into inbox values ('${runId}', '${newRunId()}', 'm', 'cancel', '{}', now() - interval '1 hour')`,
  );
  await client.query(
    `insert into task (run_id, key, epoch, id, tenant, node, status, attempt, failures, crashes, blamed, lane, priority,
        reads_at, ready_at, settled_step, output)
      select '${runId}', t.key, 0, t.id, 'acme', split_part(t.key, '#', 1), t.status, t.attempt, t.attempt - 1, 0, false,
        'default', 2, 1, now(), t.settled, t.output
      from (values ('waits#0', '${ids[0]}'::uuid, 'waiting', 2, null::int, null::json),
        ('ready#0', '${ids[1]}', 'ready', 1, null, null), ('done#0', '${ids[2]}', 'succeeded', 1, 1, '{"n": 1}'))
        as t (key, id, status, attempt, settled, output)`,
  );
}

beforeAll(async () => {
  database = await createTestDatabase();
  await makeOldSchema(database.url);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await fillOldSchema(client);
  await client.end();
  await migrate(database.url);
  store = openStore({ url: database.url, onError: () => undefined });
});

afterAll(async () => {
  await store.close();
  await database.drop({ verify: false });
});

test('what was waiting before waits for its next attempt, and nothing else has changed', async () => {
  const { head, tasks, mail } = await look(store, runId, { everything: true });

  expect(head).toMatchObject({ step: 1, live: 2, jumps: null, kept: 0, parent: null });
  expect(tasks.get('waits#0')).toMatchObject({
    status: 'waiting',
    waits: 'retry',
    attempt: 2,
    detail: null,
    item: null,
  });
  expect(tasks.get('ready#0')).toMatchObject({ status: 'ready', waits: null, iterations: null });
  expect(tasks.get('done#0')).toMatchObject({ status: 'succeeded', waits: null, output: { n: 1 } });
  expect(mail).toMatchObject([{ kind: 'cancel' }]);
  expect([...(await look(store, runId, { waiting: true })).tasks.keys()]).toEqual(['waits#0']);
  expect(await store.dispatch.neglectedRuns(1000, 10)).toEqual([runId]);
});

test('a run from before goes on, and its sends find room', async () => {
  const asks = task(runId, 'ready#0', { status: 'waiting', waits: 'answer' });
  await settleOne(store, runId, (_, next) => ({
    head: { ...next, live: 1, asking: 1, kept: 1 },
    tasks: [asks],
    chunks: [{ key: 's#0', chunk: 0, items: [1] }],
  }));

  const seen = await look(store, runId, { chunks: ['s#0 0'] });
  expect([seen.head.step, seen.head.kept, seen.chunks.get('s#0 0')]).toEqual([2, 1, [1]]);
  const questions = await store.reader.questions({ tenant: 'acme', limit: 9, afterId: null });
  expect(questions.map(({ key }) => key)).toEqual(['ready#0']);
});
