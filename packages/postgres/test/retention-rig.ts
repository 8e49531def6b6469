/** For tests of retention: an engine whose runs begin in the past, and a connection for what time does to them. */
import { setTimeout as pause } from 'node:timers/promises';

import type { Archive, RetentionRule } from '@weft/engine/ports';
import { createRig, createTestDatabase, verifyDatabase } from '@weft/testkit';
import type { Rig, RigOptions, TestDatabase } from '@weft/testkit';
import { Client } from 'pg';

import { openStore } from '../src/index.ts';
import type { PostgresStore } from '../src/index.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
const FIRST_WEEK = Date.UTC(2024, 0, 1);

export type RetentionRig = {
  database: TestDatabase;
  client: Client;
  rig: Rig;
  /** Runs that are started from now on have ids of so long ago. */
  backdate(ms: number): void;
  /** Lets the ended runs that are named (all) have ended so long ago. */
  age(ms: number, runIds?: string[]): Promise<void>;
  ids(): Promise<string[]>;
  /** Names of the partitions of a table, in order. */
  partitions(table: string): Promise<string[]>;
  open(retention?: { fallback?: RetentionRule | null; archive?: Archive | null }): PostgresStore;
  /** Verifies all runs and removes them, the policies, and the stores that were opened. */
  clear(): Promise<void>;
  stop(options?: { verify: boolean }): Promise<void>;
};

export const KEEP: RetentionRule = { maxAgeMs: null, maxCount: null, failedMaxAgeMs: null, archive: false };

export async function createRetentionRig(options: Omit<RigOptions, 'url'> = {}): Promise<RetentionRig> {
  const database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await makePast(client, 8);
  let back = 0;
  const rig = await createRig({
    ...options,
    url: database.url,
    decorate: (deps) => ({ ...deps, clock: { ...deps.clock, now: () => deps.clock.now() - back } }),
  });
  const stores: PostgresStore[] = [];
  return {
    database,
    client,
    rig,
    backdate(ms) {
      back = ms;
    },
    async age(ms, runIds) {
      await client.query(
        `update run set ended_at = now() - make_interval(secs => $1::float8 / 1000)
          where ended_at is not null and ($2::uuid[] is null or id = any($2))`,
        [ms, runIds ?? null],
      );
    },
    ids: async () => (await client.query<{ id: string }>('select id from run order by id')).rows.map(({ id }) => id),
    partitions: (table) => partitionsOf(client, table),
    open({ fallback = null, archive = null } = {}) {
      const store = openStore({ url: database.url, retention: { fallback, archive }, onError: () => undefined });
      stores.push(store);
      return store;
    },
    async clear() {
      await verifyDatabase(database.url);
      for (const store of stores.splice(0)) await store.close();
      const { rows } = await client.query<{ name: string }>(
        `select relname as name from pg_class where relkind = 'p' and relnamespace = 'public'::regnamespace`,
      );
      const tables = [...rows.map(({ name }) => name), 'retention_policy', 'pruned_run'];
      await client.query(`truncate ${tables.join(', ')}; select pg_advisory_unlock_all()`);
    },
    async stop({ verify } = { verify: true }) {
      await rig.stop();
      for (const store of stores) await store.close();
      await client.end();
      await database.drop({ verify });
    },
  };
}

/** Weekly partitions that begin so many weeks ago, instead of the one that takes all earlier ids. */
export async function makePast(client: Client, weeks: number): Promise<void> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'p' and relnamespace = 'public'::regnamespace`,
  );
  const monday = FIRST_WEEK + Math.floor((Date.now() - FIRST_WEEK) / WEEK_MS) * WEEK_MS;
  for (const { name } of tables) {
    for (const partition of await partitionsOf(client, name)) await client.query(`drop table ${partition}`);
    for (let week = -weeks; week <= 4; week++) {
      const at = monday + week * WEEK_MS;
      const from = week === -weeks ? '00000000-0000-0000-0000-000000000000' : firstId(at);
      const suffix = new Date(at).toISOString().slice(0, 10).replaceAll('-', '');
      await client.query(
        `create table ${name}_${suffix} partition of ${name} for values from ('${from}') to ('${firstId(at + WEEK_MS)}')`,
      );
    }
  }
}

async function partitionsOf(client: Client, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = $1::regclass order by 1`,
    [table],
  );
  return rows.map(({ name }) => name);
}

/** The smallest id of that instant. */
export function firstId(at: number): string {
  const hex = at.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** Until it is true, looked at again and again, for 20 s at most. */
export async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  const endsAt = Date.now() + 20_000;
  while (!(await what())) {
    if (Date.now() > endsAt) throw new Error('it has not come true in time');
    await pause(10);
  }
}
