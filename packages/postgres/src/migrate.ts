import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sql } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';
import { Pool } from 'pg';

import { maintainAll } from './queries/maintain.ts';

const MIGRATIONS = join(import.meta.dirname, '..', 'migrations');
const OLDEST_SERVER = 15;

/** Thrown by `migrate`; the message is one line. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: 'migration_failed' | 'database_too_old';

  constructor(code: MigrationError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Brings the database to the schema of this version: runs the files of `migrations/` that it has not seen yet, in order
 * of their names, forward only, all in one transaction, and makes the partitions of the coming weeks. Takes a lock, so
 * several processes may call it at once.
 *
 * @throws MigrationError `database_too_old` below Postgres 15; `migration_failed` for all else, nothing being changed
 */
export async function migrate(connectionString: string): Promise<void> {
  const pool = new Pool({ connectionString, max: 2 });
  // A connection that breaks while idle must not end the process; the next query reports it.
  pool.on('error', () => undefined);
  // Loaded only now: their 250 modules are of no use to a process that migrates nothing.
  const [{ Kysely, PostgresDialect, sql }, { Migrator }] = await Promise.all([
    import('kysely'),
    import('kysely/migration'),
  ]);
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    await requireServerVersion(pool);
    const { error } = await new Migrator({ db, provider: sqlFiles(MIGRATIONS, sql) }).migrateToLatest();
    if (error !== undefined) throw error;
    await maintainAll(pool);
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError('migration_failed', `the database could not be migrated: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    await db.destroy();
  }
}

async function requireServerVersion(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ server_version_num: string }>('show server_version_num');
  const major = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
  if (major >= OLDEST_SERVER) return;
  const message = `the database is Postgres ${major}: use Postgres ${OLDEST_SERVER} or later`;
  throw new MigrationError('database_too_old', message);
}

/** Each `NNNN_name.sql` of a folder is one migration. */
function sqlFiles(folder: string, sql: Sql): MigrationProvider {
  return {
    async getMigrations() {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
      const files = names.map(async (name) => [name.slice(0, -'.sql'.length), await sqlFile(join(folder, name), sql)]);
      return Object.fromEntries(await Promise.all(files));
    },
  };
}

async function sqlFile(path: string, sql: Sql): Promise<Migration> {
  const text = await readFile(path, 'utf8');
  return {
    async up(db) {
      await sql.raw(text).execute(db);
    },
  };
}

function reasonOf(error: unknown): string {
  const reason = error instanceof AggregateError ? error.errors[0] : error;
  return reason instanceof Error ? reason.message : String(reason);
}
