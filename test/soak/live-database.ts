/** What the soak asks the database while the mesh is at work, past the proxies. It tries again where the server is away. */
import { setTimeout as wait } from 'node:timers/promises';

import { Client } from 'pg';
import type { QueryResultRow } from 'pg';

/** A task that is ready or running, as it was seen. */
export type UnderWay = { run: string; key: string; epoch: number; attempt: number; status: string };

export type LiveDatabase = {
  /** Committed steps of all runs, and how many runs are open. */
  steps(): Promise<{ steps: number; open: number }>;
  underWay(): Promise<UnderWay[]>;
  /** Those of them that are still as they were: same attempt, not settled. */
  unmoved(tasks: readonly UnderWay[]): Promise<UnderWay[]>;
  deadTuples(): Promise<number>;
  rows<Row extends QueryResultRow>(text: string): Promise<Row[]>;
};

const TRIES_MS = 90_000;
const PAUSE_MS = 200;

export function openLiveDatabase(url: () => string): LiveDatabase {
  const ask = async <Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> => {
    const from = performance.now();
    for (;;) {
      try {
        return await askOnce<Row>(url(), text, values);
      } catch (error) {
        if (performance.now() - from > TRIES_MS) throw error;
        await wait(PAUSE_MS);
      }
    }
  };
  return {
    rows: (text) => ask(text),
    async steps() {
      const [row] = await ask<{ steps: string | null; open: string }>(`select sum(step) as steps,
        count(*) filter (where status in ('pending', 'running', 'interrupted')) as open from run`);
      return { steps: Number(row?.steps ?? 0), open: Number(row?.open ?? 0) };
    },
    underWay: () =>
      ask<UnderWay>(`select t.run_id::text as run, t.key, t.epoch, t.attempt, t.status from task t
        join run r on r.id = t.run_id and r.status in ('pending', 'running', 'interrupted')
        where t.status in ('ready', 'running') limit 500`),
    unmoved: (tasks) => (tasks.length === 0 ? Promise.resolve([]) : ask<UnderWay>(UNMOVED, [JSON.stringify(tasks)])),
    async deadTuples() {
      const [row] = await ask<{ dead: string }>('select sum(n_dead_tup) as dead from pg_stat_user_tables');
      return Number(row?.dead ?? 0);
    },
  };
}

const UNMOVED = `select seen.run, seen.key, seen.epoch, seen.attempt, t.status
  from json_to_recordset($1::json) as seen(run text, key text, epoch int, attempt int)
  join task t on t.run_id = seen.run::uuid and t.key = seen.key and t.epoch = seen.epoch and t.attempt = seen.attempt
  join run r on r.id = t.run_id and r.status in ('pending', 'running', 'interrupted')
  where t.status in ('ready', 'running')`;

async function askOnce<Row extends QueryResultRow>(url: string, text: string, values: unknown[]): Promise<Row[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000, query_timeout: 30_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
