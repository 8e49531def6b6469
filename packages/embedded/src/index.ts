export { EmbeddedError } from './embedded-error.ts';
export type { EmbeddedErrorCode } from './embedded-error.ts';
export { startPostgres } from './postgres-server.ts';
export type { PostgresServer, StartPostgresOptions } from './postgres-server.ts';
