/** A table of the user's that remembers in the same transaction which tasks were done, and what came of it. */
import type { Json } from '@weft/contract';
import type { Client } from 'pg';

/**
 * Takes the key for this transaction; one that works on the same waits. Gives what is remembered where it had been done
 * before, else null. The table has `task text primary key` and `result jsonb`; its name is checked, and quoted here.
 */
export async function remembered(client: Client, table: string, key: string): Promise<Json | null> {
  const name = quoted(table);
  const taken = await client.query(
    `insert into ${name} (task, result) values ($1, null) on conflict (task) do nothing`,
    [key],
  );
  if (taken.rowCount === 1) return null;
  const { rows } = await client.query<{ result: Json }>(`select result from ${name} where task = $1`, [key]);
  return rows[0]?.result ?? null;
}

type Done = { table: string; key: string; result: Json };

export async function remember(client: Client, { table, key, result }: Done): Promise<void> {
  await client.query(`update ${quoted(table)} set result = $2 where task = $1`, [key, JSON.stringify(result)]);
}

function quoted(table: string): string {
  return table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
}
