/** No answer came: nobody listens at the address, or the connection broke. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code = 'unreachable';
  readonly url: string;

  constructor(url: string, cause: unknown) {
    super(`${url} does not answer: ${reasonOf(cause)}`, { cause });
    this.url = url;
  }
}

/** The system's code (`ECONNREFUSED`) says more than fetch's own message. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  if ('code' in inner && typeof inner.code === 'string') return inner.code;
  return inner.message;
}
