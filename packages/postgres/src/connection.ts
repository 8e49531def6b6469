/** Connections to Postgres, and transactions on them. */
import { StoreError } from '@weft/engine/ports';
import type { CustomTypesConfig, PoolClient, QueryResult, QueryResultRow } from 'pg';
import { Pool, types } from 'pg';

import { isBroken, toStoreError } from './store-failure.ts';

export type PoolOptions = {
  url: string;
  /** Connections at most. */
  max: number;
  /** Called when an idle connection breaks; the pool replaces it. */
  onError: (error: Error) => void;
};

/** A statement with a name is parsed once per connection. */
export type Statement = { name?: string; text: string; values?: unknown[] };

/** One connection within a transaction. Queries reject with a StoreError. */
export type Client = {
  query<Row extends QueryResultRow>(statement: Statement): Promise<QueryResult<Row>>;
};

/** Asks for rows, within a transaction or by itself. */
export type Ask = <Row extends QueryResultRow>(statement: Statement) => Promise<Row[]>;

/** The server ends a statement that takes longer. */
const STATEMENT_MS = 15_000;
/** A connection that says nothing for so long is given up: it is silent, and not busy. */
const ANSWER_MS = STATEMENT_MS + 3000;

/**
 * Every hot statement goes through an index, whatever the size of a table at the time it was planned: a plan is kept, and a
 * table that was small then may have a million rows a minute later. Generic plans beat custom ones on these statements,
 * whose arrays say nothing about how many rows they touch.
 */
const SESSION = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  `statement_timeout=${STATEMENT_MS}`,
  'lock_timeout=5000',
  // The locks of a process that stands still in the middle of a transaction hold up others for so long.
  'idle_in_transaction_session_timeout=10000',
  'jit=off',
  'timezone=UTC',
];

const { builtins, getTypeParser } = types;

type Parse = (text: string) => unknown;

/** Instants arrive as epoch ms, bigints and decimals as numbers, json parsed. */
const PARSERS: ReadonlyMap<number, Parse> = new Map<number, Parse>([
  [builtins.TIMESTAMPTZ, (text) => Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'))],
  [builtins.INT8, Number],
  [builtins.NUMERIC, Number],
  [builtins.JSON, (text) => JSON.parse(text) as unknown],
]);

const parsing: CustomTypesConfig = {
  getTypeParser: (oid, format) => (format === 'binary' ? undefined : PARSERS.get(oid)) ?? getTypeParser(oid, format),
};

/** A pool of pipelined connections: queries of one transaction are sent without waiting for each other's answers. */
export function createPool({ url, max, onError }: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    types: parsing,
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    query_timeout: ANSWER_MS,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: 1800, // plans are made anew now and then
    application_name: 'weft',
    options: SESSION.map((setting) => `-c ${setting}`).join(' '),
  });
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

/** What a transaction gives back: its result, and writes that were sent but not awaited. */
export type Work<T> = { result: T; sent: Promise<unknown>[] };

/**
 * Runs `work` in one transaction. The commit travels with the writes that `work` has sent last, in one round trip; a write
 * that fails turns it into a rollback. Throws StoreError; what `work` itself throws goes on as it is.
 */
export async function transact<T>(pool: Pool, work: (client: Client) => Promise<Work<T>>): Promise<T> {
  const connection = await connect(pool);
  const session = new Session(connection);
  try {
    const begun = session.query({ text: 'begin' });
    const { result, sent } = await work(session);
    await Promise.all([begun, ...sent, session.commit()]);
    connection.release();
    return result;
  } catch (error) {
    await abandon(connection, error);
    throw error;
  }
}

/** Runs one query. Throws StoreError. */
export async function query<Row extends QueryResultRow>(pool: Pool, statement: Statement): Promise<Row[]> {
  const connection = await connect(pool);
  try {
    const { rows } = await connection.query<Row>(statement);
    connection.release();
    return rows;
  } catch (error) {
    connection.release(isBroken(error));
    throw toStoreError(error, { during: 'commit' });
  }
}

export function askPool(pool: Pool): Ask {
  return (statement) => query(pool, statement);
}

export function askClient(client: Client): Ask {
  return async <Row extends QueryResultRow>(statement: Statement) => (await client.query<Row>(statement)).rows;
}

class Session implements Client {
  readonly #connection: PoolClient;
  #committing = false;

  constructor(connection: PoolClient) {
    this.#connection = connection;
  }

  query<Row extends QueryResultRow>(statement: Statement): Promise<QueryResult<Row>> {
    const answer = this.#ask<Row>(statement);
    // Whoever sent it may throw before it waits for the answer; a failed statement fails the commit in any case.
    answer.catch(() => undefined);
    return answer;
  }

  async commit(): Promise<void> {
    this.#committing = true;
    const { command } = await this.query({ text: 'commit' });
    if (command === 'COMMIT') return;
    // The server answers the commit of a failed transaction with a rollback, and calls that a success.
    const message = `a transaction ended with ${command}`;
    throw new StoreError(message, { transient: false, outcomeUnknown: false, cause: undefined });
  }

  async #ask<Row extends QueryResultRow>(statement: Statement): Promise<QueryResult<Row>> {
    try {
      return await this.#connection.query<Row>(statement);
    } catch (error) {
      // A write that was sent ahead of the commit may fail with the connection while the commit had got through.
      throw toStoreError(error, { during: this.#committing ? 'commit' : 'work' });
    }
  }
}

/** Where no connection is to be had, nothing was done: whatever the reason, a later try may succeed. */
async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw toStoreError(error, { during: 'connect' });
  }
}

async function abandon(connection: PoolClient, error: unknown): Promise<void> {
  const broken = error instanceof StoreError && isBroken(error.cause);
  if (broken) connection.release(true);
  else
    await connection.query('rollback').then(
      () => connection.release(),
      () => connection.release(true),
    );
}
