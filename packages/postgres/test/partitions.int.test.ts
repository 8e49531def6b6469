import { createTestDatabase } from '@weft/testkit';
import type { TestDatabase } from '@weft/testkit';
import { newRun, newRunId } from '@weft/testkit/conformance/store-records';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { openStore } from '../src/index.ts';
import type { PostgresStore } from '../src/index.ts';

const TABLES = [
  'channel_write',
  'inbox',
  'run',
  'run_body',
  'send_chunk',
  'step',
  'task',
  'task_join',
  'timer',
  'usage',
];
const WEEK_MS = 7 * 24 * 3_600_000;

let database: TestDatabase;
let store: PostgresStore;
let client: Client;

beforeEach(async () => {
  database = await createTestDatabase();
  store = openStore({ url: database.url, onError: () => undefined });
  client = new Client({ connectionString: database.url });
  await client.connect();
});

afterEach(async () => {
  await store.close();
  await client.end();
  await database.drop({ verify: false });
});

async function partitions(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where c.relkind = 'r' order by 1`,
  );
  return rows.map(({ name }) => name);
}

async function drop(names: string[]): Promise<void> {
  for (const name of names) await client.query(`drop table ${name}`);
}

/** Monday of the week so many weeks from now, epoch ms. */
function mondayMs(weeks: number): number {
  const first = Date.UTC(2024, 0, 1);
  return first + (Math.floor((Date.now() - first) / WEEK_MS) + weeks) * WEEK_MS;
}

function monday(weeks: number): string {
  return new Date(mondayMs(weeks)).toISOString().slice(0, 10).replaceAll('-', '');
}

/** The smallest id of that week. */
function firstId(weeks: number): string {
  const time = mondayMs(weeks).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}

/** An id of a run that began so long ago. */
function idOf(agoMs: number): string {
  const time = (Date.now() - agoMs).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}${newRunId().slice(13)}`;
}

async function submitAt(agoMs: number): Promise<string> {
  const run = newRun({ head: { id: idOf(agoMs) } });
  await store.runs.submit([run]);
  const { rows } = await client.query<{ table: string }>(
    'select tableoid::regclass::text as table from run where id = $1',
    [run.head.id],
  );
  return rows[0]?.table ?? 'nowhere';
}

describe('partitions', () => {
  test('a migrated database has those of this week and the next four', async () => {
    const weeks = [0, 1, 2, 3, 4].map(monday);
    expect(await partitions()).toEqual(TABLES.flatMap((table) => weeks.map((week) => `${table}_${week}`)).toSorted());
    expect(await submitAt(0)).toBe(`run_${monday(0)}`);
  });

  test('what is missing is made, once, by however many', async () => {
    const all = await partitions();
    await drop(all.filter((name) => name.endsWith(monday(3)) || name.endsWith(monday(4))));
    await Promise.all([
      store.dispatch.maintain('partitions'),
      store.dispatch.maintain('partitions'),
      store.dispatch.maintain('partitions'),
    ]);

    expect(await partitions()).toEqual(all);
  });

  test('heads and tasks keep room on their pages', async () => {
    await drop((await partitions()).filter((name) => name.endsWith(monday(4))));
    await store.dispatch.maintain('partitions');
    const { rows } = await client.query<{ options: string[] | null }>(
      `select reloptions as options from pg_class where relname = any($1) order by relname`,
      [[`run_${monday(4)}`, `step_${monday(4)}`, `task_${monday(4)}`]],
    );

    expect(rows.map(({ options }) => options)).toEqual([['fillfactor=50'], null, ['fillfactor=80']]);
  });

  test('they are made while others work', async () => {
    await drop((await partitions()).filter((name) => name.endsWith(monday(4))));
    await submitAt(0);
    await client.query('begin');
    await client.query('select * from run for update');
    await client.query(
      `insert into step select id, 2, 1, 0, 'cancelled', null, null, null, null, null, now(), '{}' from run`,
    );
    await store.dispatch.maintain('partitions');
    await client.query('rollback');

    expect(await partitions()).toContain(`run_${monday(4)}`);
  });

  test('an id of a clock that is behind has its place: with the first partition, or in a gap that nobody filled', async () => {
    expect(await submitAt(52 * WEEK_MS)).toBe(`run_${monday(0)}`);

    await drop(await partitions());
    for (const table of TABLES) {
      const name = `${table}_${monday(-12)}`;
      await client.query(`create table ${name} partition of ${table}
        for values from ('${'0'.repeat(8)}-0000-0000-0000-000000000000') to ('${firstId(-11)}')`);
    }
    await store.dispatch.maintain('partitions');
    expect(await submitAt(12 * WEEK_MS)).toBe(`run_${monday(-12)}`);
    expect(await submitAt(5 * WEEK_MS)).toBe(`run_${monday(0)}`);
    expect(await submitAt(0)).toBe(`run_${monday(0)}`);
  });

  test('an id of a clock that is far ahead is refused', async () => {
    const run = newRun({ head: { id: idOf(-20 * WEEK_MS) } });

    await expect(store.runs.submit([run])).rejects.toMatchObject({ code: 'store_refused' });
  });
});

describe('housekeeping', () => {
  test('forgets keys that have expired, and workers that ended long ago', async () => {
    const run = newRun({ idempotency: { key: 'old', payloadHash: 'p' } });
    await store.runs.submit([run, newRun({ idempotency: { key: 'new', payloadHash: 'p' } })]);
    await client.query(`update idempotency set created_at = now() - interval '9 days' where key = 'old'`);
    await client.query(`insert into worker (id, name, lanes, slots, running, counter, version, pid, host, rss_bytes, ended_at)
      select n, n, '{}', 1, 0, 0, 'v', 1, 'h', 1, now() - n::interval from unnest(array['1 day', '8 days']) as n`);
    for (const chore of ['expired_keys', 'ended_workers'] as const) await store.dispatch.maintain(chore);

    const { rows: keys } = await client.query<{ key: string }>('select key from idempotency');
    const { rows: workers } = await client.query<{ id: string }>('select id from worker');
    expect([keys, workers]).toEqual([[{ key: 'new' }], [{ id: '1 day' }]]);
  });
});
