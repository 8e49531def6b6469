/**
 * Examines a database that may be at work: it only reads, on one connection, waits for no lock, and gives up a statement that
 * takes too long.
 */
import type { Finding } from '@weft/contract';
import { Client } from 'pg';

import { askOf } from './examination.ts';
import type { Check, Examination } from './examination.ts';
import { versions, workers } from './fleet.ts';
import { invariants } from './invariants.ts';
import { bloat, locks, size, transactions } from './load.ts';
import { indexes, migrations, partitions } from './schema.ts';
import { connections, settings, transactionIds } from './settings.ts';
import { STUCK } from './stuck.ts';

const CHECKS: readonly Check[] = [
  migrations,
  settings,
  connections,
  transactionIds,
  indexes,
  partitions,
  size,
  bloat,
  transactions,
  locks,
  workers,
  versions,
  ...STUCK,
  invariants,
];

export const DATABASE_CHECKS: readonly string[] = CHECKS.map(({ name }) => name);

export type ExamineOptions = Omit<Examination, 'ask'> & {
  /** Names of checks; null for all. */
  only: readonly string[] | null;
  /** How long a statement may take, ms (10,000). */
  statementMs?: number;
};

/** Throws where the database cannot be reached. */
export async function examineDatabase(url: string, options: ExamineOptions): Promise<Finding[]> {
  const { statementMs = 10_000, only, ...about } = options;
  const session = `-c statement_timeout=${statementMs} -c lock_timeout=500 -c default_transaction_read_only=on -c jit=off`;
  const client = new Client({
    connectionString: url,
    application_name: 'weft doctor',
    connectionTimeoutMillis: 10_000,
    query_timeout: statementMs * 2,
    options: session,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const findings: Finding[] = [];
    for (const check of CHECKS.filter(({ name }) => only?.includes(name) ?? true)) {
      findings.push(...(await lookAt(check, { ...about, ask: askOf(client) })));
    }
    return findings;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A check that fails is a finding; the others are made all the same. */
async function lookAt({ name, look }: Check, examination: Examination): Promise<Finding[]> {
  try {
    const found = await look(examination);
    return 'check' in found ? [found] : [...found];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = 'ask again; if tables are missing, see `schema`';
    return [{ check: name, level: 'warn', what: `it could not be looked at: ${reason}`, advice }];
  }
}
