/** By name, not by class: to import a class would load its whole package into processes that need nothing else of it. */
const SELF_EXPLAINING = new Set([
  'AllowListError',
  'EmbeddedError',
  'ConfigError',
  'DatabaseInUse',
  'MigrationError',
  'PricesFileError',
  'HandlersFileError',
  'RedisError',
  'SecretKeyError',
  'WorkerConfigError',
]);

type SystemError = Error & { code?: string; syscall?: string; port?: number; address?: string; path?: string };

/** One line that says what to do about a stack that did not start; null for what nobody expected. */
export function explainStartError(error: unknown, { dataDir }: { dataDir: string }): string | null {
  if (!(error instanceof Error)) return null;
  if (SELF_EXPLAINING.has(error.name)) return error.message;
  const { code, syscall, path } = error as SystemError;
  if (syscall === 'listen') return listenLine(error);
  if (code === 'ENOTDIR' || code === 'EEXIST') return `${path ?? dataDir} is no folder; choose one with --data-dir`;
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return `${path ?? dataDir} cannot be written (${code}); choose another folder with --data-dir`;
  }
  return null;
}

function listenLine({ code, port, address }: SystemError): string {
  const place = `${address ?? 'the address'}:${port ?? ''}`;
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use (is Weft running already?); stop what listens there, or choose another with --port`;
    case 'EACCES':
      return `port ${port} may not be used by this user; choose one above 1023 with --port`;
    default:
      return `cannot listen on ${place} (${code}); choose another address with --host and --port`;
  }
}
