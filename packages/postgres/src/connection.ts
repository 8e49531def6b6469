/** Connections to Postgres, and transactions on them. */
import { StoreError } from '@weft/engine/ports';
import pg from 'pg';

export type { PoolClient as Client } from 'pg';

export type PoolOptions = {
  url: string;
  /** Connections at most. */
  max: number;
  /** Called when an idle connection breaks; the pool replaces it. */
  onError: (error: Error) => void;
};

/** Generic plans beat custom ones on the hot statements, whose arrays say nothing about how many rows they touch. */
const SESSION = [
  'plan_cache_mode=force_generic_plan',
  'statement_timeout=30000',
  'lock_timeout=10000',
  'idle_in_transaction_session_timeout=30000',
  'jit=off',
  'timezone=UTC',
];

const TIMESTAMPTZ = 1184;
const INT8 = 20;
const JSON_TYPE = 114;

/** Instants arrive as epoch ms, bigints as numbers, json parsed. */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary') {
      if (oid === TIMESTAMPTZ)
        return (text: string) => Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
      if (oid === INT8) return Number;
      if (oid === JSON_TYPE) return (text: string) => JSON.parse(text) as unknown;
    }
    return pg.types.getTypeParser(oid, format as 'text');
  },
} as pg.CustomTypesConfig;

/** A pool of pipelined connections: queries of one transaction are sent without waiting for each other's answers. */
export function createPool({ url, max, onError }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    types,
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    query_timeout: 40_000,
    idleTimeoutMillis: 60_000,
    application_name: 'weft',
    options: SESSION.map((setting) => `-c ${setting}`).join(' '),
  } as pg.PoolConfig);
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

/** What a transaction gives back: its result, and writes that were sent but not awaited. */
export type Work<T> = { result: T; sent: Promise<unknown>[] };

/**
 * Runs `work` in one transaction. The commit travels with the writes that `work` has sent last, in one round trip; a write
 * that fails turns it into a rollback. Throws StoreError.
 */
export async function transact<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Work<T>>): Promise<T> {
  const client = await connect(pool);
  let committing = false;
  try {
    const begun = client.query('begin');
    begun.catch(() => undefined); // reported by whatever comes after it
    const { result, sent } = await work(client);
    committing = true;
    await Promise.all([begun, ...sent, client.query('commit')]);
    client.release();
    return result;
  } catch (error) {
    await abandon(client, error);
    throw toStoreError(error, committing);
  }
}

/** Runs one query. Throws StoreError. */
export async function query<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  statement: { name?: string; text: string; values?: unknown[] },
): Promise<Row[]> {
  try {
    const { rows } = await pool.query<Row>(statement);
    return rows;
  } catch (error) {
    throw toStoreError(error, true);
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw toStoreError(error, false);
  }
}

async function abandon(client: pg.PoolClient, error: unknown): Promise<void> {
  const lost = codeOf(error) === undefined;
  if (!lost) await client.query('rollback').catch(() => undefined);
  client.release(lost);
}

/** Without a code the connection broke (or timed out): what was sent may have been done. */
function toStoreError(error: unknown, committing: boolean): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const transient = code === undefined ? isConnectionLoss(error) : isTransient(code);
  const outcomeUnknown =
    committing && transient && (code === undefined || code.startsWith('08') || code.startsWith('57P'));
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError(message, { transient, outcomeUnknown, cause: error });
}

/** SQLSTATEs after which the whole transaction may be tried again; 08P01 is our own malformed message. */
function isTransient(code: string): boolean {
  if (code === '08P01') return false;
  return code.startsWith('08') || code.startsWith('57P') || RETRYABLE.has(code) || NETWORK.test(code);
}

const RETRYABLE = new Set(['40001', '40P01', '55P03', '57014', '53300', '25P03', '53100', '53200']);
const NETWORK = /^E[A-Z]+$/;

function isConnectionLoss(error: unknown): boolean {
  return error instanceof Error && !(error instanceof TypeError) && !(error instanceof RangeError);
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
