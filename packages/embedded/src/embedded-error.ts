/** What can go wrong before the embedded Postgres answers. */
export type EmbeddedErrorCode =
  | 'data_dir_not_writable'
  | 'data_dir_in_use'
  | 'data_dir_unreachable'
  | 'data_dir_incompatible'
  | 'platform_unsupported'
  | 'postgres_start_failed';

/** Thrown by `startPostgres`. The message is one line and says what to do. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
  readonly code: EmbeddedErrorCode;

  constructor(code: EmbeddedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The code of a failed system call (`EACCES`, `ENOENT`, ...), or null for anything else. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
