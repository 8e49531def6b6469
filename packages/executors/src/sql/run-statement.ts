/** One statement on a connection of its own, in a transaction of its own. */
import type { ExecutorCall } from '@weft/engine/ports';
import type { Client } from 'pg';

import type { Failure } from '../failure.ts';
import { aborted, failure } from '../failure.ts';
import { remember, remembered } from './once-table.ts';
import { Portal } from './portal.ts';
import type { ReadRows } from './read-rows.ts';
import { readRows } from './read-rows.ts';
import { sqlFailure } from './sql-failure.ts';
import type { SqlInput } from './sql-input.ts';
import { sqlParam } from './sql-param.ts';

const CONNECT_MS = 10_000;
/** Beyond what is wanted of rows: a value comes whole, however large it is. */
const SLACK_BYTES = 16 * 1_048_576;
/** The server looks so often whether somebody still waits. */
const LOOK_MS = 1000;

/** `affected`: rows that were written; null for a statement that only reads. `repeated`: it had been done before. */
export type SqlResult = Omit<ReadRows, 'command'> & { affected: number | null; repeated: boolean };

type Asking = Pick<ExecutorCall, 'signal' | 'heartbeat' | 'idempotencyKey'>;

/**
 * Runs the statement and commits what it wrote. A statement of a read-only call that returns no rows is not executed. The
 * connection is never used again, whatever the statement did to it. Never throws.
 */
export async function runSql(input: SqlInput, asking: Asking): Promise<SqlResult | Failure> {
  const { Client } = (await import('pg')).default;
  const client = new Client({
    connectionString: input.connection,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'weft sql',
    keepAlive: true,
  });
  // A connection that breaks fails the statement; without a listener it would end the process.
  client.on('error', () => undefined);
  const stop = (): void => destroy(client);
  asking.signal.addEventListener('abort', stop, { once: true });
  const late = { isLate: false };
  const timer = setTimeout(
    () => {
      late.isLate = true;
      stop();
    },
    CONNECT_MS + 2 * input.timeoutMs,
  );
  try {
    await client.connect();
    const result = await inTransaction(client, input, asking);
    return result;
  } catch (error) {
    if (asking.signal.aborted) return aborted(asking.signal);
    return late.isLate
      ? failure('sql_timeout', 'The rows did not come in time', { retryable: true })
      : sqlFailure(error);
  } finally {
    clearTimeout(timer);
    asking.signal.removeEventListener('abort', stop);
    // Nobody waits for a server that says nothing any more.
    void client.end().catch(() => undefined);
  }
}

async function inTransaction(client: Client, input: SqlInput, asking: Asking): Promise<SqlResult | Failure> {
  const { readOnly, once, timeoutMs } = input;
  await client.query(beginning(readOnly, timeoutMs));
  const key = asking.idempotencyKey;
  const before = once === undefined ? null : await remembered(client, once, key);
  if (before !== null) return { ...(before as SqlResult), repeated: true };
  const result = await execute(client, input, asking);
  if ('kind' in result || readOnly) return result;
  if (once !== undefined) await remember(client, { table: once, key, result });
  const { command } = await client.query('commit');
  if (command === 'COMMIT') return result;
  return failure('sql_not_committed', `The transaction ended with ${command}`);
}

/** The session is read-only as well as its transaction, so that nothing that ends one begins another that writes. */
function beginning(readOnly: boolean, timeoutMs: number): string {
  const mode = readOnly ? 'read only' : 'read write';
  return [
    `set session characteristics as transaction ${mode}`,
    `begin transaction ${mode}`,
    `set local statement_timeout = ${timeoutMs}`,
    `set local idle_in_transaction_session_timeout = ${timeoutMs}`,
    `set local client_connection_check_interval = ${LOOK_MS}`,
    `set local timezone = 'UTC'`,
    `set local datestyle = 'ISO'`,
    `set local bytea_output = 'hex'`,
    `set local extra_float_digits = 1`,
  ].join('; ');
}

async function execute(
  client: Client,
  input: SqlInput,
  { heartbeat }: Pick<Asking, 'heartbeat'>,
): Promise<SqlResult | Failure> {
  const portal = client.query(new Portal(input.statement, input.params.map(sqlParam), input.maxBytes + SLACK_BYTES));
  const fields = await portal.describe();
  if (fields === null && input.readOnly) {
    await portal.end();
    return failure(
      'sql_not_a_query',
      'The statement returns no rows, and a call with readOnly only reads: it was not run',
    );
  }
  const twice = input.rowsAs === 'objects' ? duplicateOf(fields ?? []) : undefined;
  if (twice !== undefined) {
    await portal.end();
    return failure('sql_duplicate_column', `Two columns are called "${twice}": name them, or ask for rowsAs: lists`);
  }
  const onBatch = (rows: number): void => heartbeat({ rows });
  const { command, ...read } = await readRows(portal, fields ?? [], { ...input, onBatch });
  await portal.end();
  return {
    ...read,
    affected: input.readOnly ? null : affectedOf(command, fields && read.rows.length),
    repeated: false,
  };
}

function duplicateOf(fields: readonly { name: string }[]): string | undefined {
  const names = fields.map(({ name }) => name);
  return names.find((name, at) => names.indexOf(name) !== at);
}

/** `UPDATE 3`, `INSERT 0 3`; null for what counts nothing. A tag counts the last piece only of rows that were returned. */
function affectedOf(command: string | null, returned: number | null): number | null {
  const count = /^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/.exec(command ?? '')?.[1];
  return count === undefined ? null : (returned ?? Number(count));
}

/** Ends it at once: the server gives the statement up when it sees that nobody waits. */
function destroy(client: Client): void {
  const { connection } = client as Client & { connection?: { stream?: { destroy(error: Error): void } } };
  connection?.stream?.destroy(new Error('the statement was given up'));
}
