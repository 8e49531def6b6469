export { MigrationError, migrate } from './migrate.ts';
export { openStore } from './store.ts';
export type { PostgresStore } from './store.ts';
