export { DatabaseInUse, lockDatabase } from './database-lock.ts';
export type { DatabaseLock } from './database-lock.ts';
export { MigrationError, migrate } from './migrate.ts';
export { checkInvariants } from './queries/invariants.ts';
export type { RetentionOptions } from './retention-store.ts';
export { openStore } from './store.ts';
export type { PostgresStore } from './store.ts';
