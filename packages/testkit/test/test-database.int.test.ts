import { Client } from 'pg';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../src/index.ts';

async function scalar(url: string, query: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ value: unknown }>(query);
    return rows[0]?.value;
  } finally {
    await client.end();
  }
}

test('two test databases are migrated copies that do not see each other', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);

  await scalar(one.url, 'create table only_here (id int)');

  expect(await scalar(other.url, `select to_regclass('only_here') as value`)).toBeNull();
  expect(await scalar(other.url, `select to_regclass('kysely_migration') as value`)).toBe('kysely_migration');
  await Promise.all([one.drop(), other.drop()]);
});

test('a dropped test database is gone, even with a connection open', async () => {
  const database = await createTestDatabase();
  const lingering = new Client({ connectionString: database.url });
  lingering.on('error', () => undefined);
  await lingering.connect();

  await database.drop();

  await expect(scalar(database.url, 'select 1 as value')).rejects.toThrow('does not exist');
});
