import { createRig, createTestDatabase } from '@weft/testkit';
import { Client } from 'pg';
import { expect, test } from 'vitest';

/** A chain, whose every step rewrites the head of its run. */
function chain(length: number) {
  const nodes = Array.from({ length }, (_, n) => {
    const needs = n > 0 ? { needs: [`n${n - 1}`] } : {};
    return [`n${n}`, { type: 'task', uses: 'echo', ...needs }] as const;
  });
  return { name: 'chain', nodes: Object.fromEntries(nodes) };
}

test('a head is rewritten in place: only its last update touches indexes', async () => {
  const database = await createTestDatabase();
  const rig = await createRig({ url: database.url });
  await rig.run(chain(30));
  await rig.stop();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const counts = async () => {
    const { rows } = await client.query<{ updates: number; hot: number }>(
      `select sum(n_tup_upd)::int as updates, sum(n_tup_hot_upd)::int as hot from pg_stat_user_tables
        where relname ~ '^run_[0-9]+$'`,
    );
    return rows[0];
  };

  await expect.poll(counts, { timeout: 5000 }).toMatchObject({ updates: 30 });
  expect((await counts())?.hot).toBeGreaterThanOrEqual(28);
  await client.end();
  await database.drop();
});
