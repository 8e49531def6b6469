import { createTestDatabase } from '@weft/testkit';
import type { TestDatabase } from '@weft/testkit';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../src/index.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});

afterEach(() => database.drop({ verify: false }));

async function tableNames(): Promise<string[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    const tables = `select table_name as name from information_schema.tables where table_schema = 'public'`;
    const { rows } = await client.query<{ name: string }>(`${tables} order by 1`);
    return rows.map((row) => row.name);
  } finally {
    await client.end();
  }
}

async function empty(): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('drop schema public cascade; create schema public');
  await client.end();
}

test('an empty database gets the same tables by two migrations at once', async () => {
  const wanted = await tableNames();
  await empty();

  await Promise.all([migrate(database.url), migrate(database.url)]);

  expect(wanted).toContain('kysely_migration');
  expect(await tableNames()).toEqual(wanted);
});

test('a migrated database stays as it is', async () => {
  const before = await tableNames();

  await migrate(database.url);

  expect(await tableNames()).toEqual(before);
});

test('F54: a database of a later version is refused', async () => {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(`insert into kysely_migration (name, timestamp) values ('9999_later', now())`);
  await client.end();

  await expect(migrate(database.url)).rejects.toMatchObject({
    code: 'migration_failed',
    message: expect.stringContaining('9999_later'),
  });
});

test('a server that does not answer is one line with its reason', async () => {
  await expect(migrate('postgres://nobody@127.0.0.1:1/nothing')).rejects.toMatchObject({
    code: 'migration_failed',
    message: expect.stringMatching(/^the database could not be migrated: .*ECONNREFUSED.*$/),
  });
});
