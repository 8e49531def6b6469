/**
 * The connection of a prune. It is none of the pool's: its statements walk through whole tables, which those of the hot path
 * never may, and its lock is the session's, so that it is gone with the process.
 */
import { Client } from 'pg';
import type { QueryResultRow } from 'pg';

import { toStoreError } from '../store-failure.ts';

/** Of the advisory lock that lets one prune at a time into a database. */
const LOCK = 7_283_113;

/** Long enough for a walk through the heads of a week. */
const SESSION = [
  'statement_timeout=120000',
  'lock_timeout=5000',
  'idle_in_transaction_session_timeout=120000',
  'jit=off',
  'timezone=UTC',
  'client_min_messages=warning',
];

/** Queries one after the other. They reject with a StoreError. */
export type Session = {
  rows<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** All of it holds, or nothing. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  /** Ends a prune early. */
  readonly signal: AbortSignal;
};

/** What is decided by, the runs that are to go, and those that stay of a week whose partition goes. They end with the session. */
const TABLES = `
  create temp table rule (tenant text collate "C", workflow text collate "C", age_ms float8, failed_age_ms float8,
    before_id uuid, needs_both boolean, archive boolean, primary key (tenant, workflow));
  create temp table doomed (id uuid primary key, epoch int, step int, ended_at timestamptz, tenant text, archive boolean,
    is_overdue boolean, week text);
  create temp table kept (id uuid primary key)`;

/** Runs `work` as the only prune of the database; null if another one is at work. */
export function withOnlySession<T>(
  url: string,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T | null> {
  return withSession(url, signal, async (session) => {
    const [lock] = await session.rows<{ taken: boolean }>(`select pg_try_advisory_lock(${LOCK}) as taken`);
    if (!lock?.taken) return null;
    await session.rows(TABLES);
    return work(session);
  });
}

/** Runs `work` on a connection of its own. */
export async function withSession<T>(
  url: string,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const options = SESSION.map((setting) => `-c ${setting}`).join(' ');
  const client = new Client({ connectionString: url, keepAlive: true, application_name: 'weft retention', options });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(sessionOf(client, signal));
  } catch (error) {
    throw toStoreError(error, { during: 'work' });
  } finally {
    await client.end().catch(() => undefined);
  }
}

function sessionOf(client: Client, signal: AbortSignal): Session {
  async function rows<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> {
    const result = await client.query<Row>(text, values);
    return result.rows;
  }
  return {
    rows,
    signal,
    async transaction(work) {
      await rows('begin');
      try {
        const result = await work();
        await rows('commit');
        return result;
      } catch (error) {
        await rows('rollback').catch(() => undefined);
        throw error;
      }
    },
  };
}
