/** What is wrong with an artifact, or with where it is kept. */
export type ArtifactErrorCode =
  | 'artifact_missing'
  | 'artifact_too_large'
  | 'artifact_store_full'
  | 'artifact_store_unavailable'
  | 'artifact_corrupt'
  | 'artifacts_unavailable'
  | 'invalid_artifact'
  | 'invalid_range';

/** Retryable: it may go well another time, such as when the disk has room again. */
export class ArtifactError extends Error {
  readonly code: ArtifactErrorCode;
  readonly retryable: boolean;

  constructor(code: ArtifactErrorCode, message: string, options: ErrorOptions & { retryable?: boolean } = {}) {
    super(message, options);
    this.name = 'ArtifactError';
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** Both ends count, as in HTTP; without `to` it is all from there on. */
export type ByteRange = { from: number; to?: number };

/** `artifact`: the SHA-256 in hexadecimal; `bytes`: of the whole content. */
export type StoredContent = { artifact: string; bytes: number };

export type PutOptions = {
  /** More than that ends in `artifact_too_large`. */
  maxBytes: number;
  signal?: AbortSignal;
  /**
   * Called when the whole content has been read, before it has its place: what it makes durable is known before anybody can find
   * the content.
   */
  claim?: (content: StoredContent) => Promise<void>;
};

/** Contents by their hash, of all tenants: who may see what is for others to say. Failures are ArtifactErrors. */
export type ArtifactStore = {
  /** Keeps it whole or not at all; durable once this returns. Content that is there already is kept once. */
  put(body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredContent>;
  /** Null: there is no such content. `invalid_range` where it does not begin within. The body must be read or returned. */
  open(artifact: string, range?: ByteRange): Promise<{ bytes: number; body: AsyncIterable<Uint8Array> } | null>;
  /** Also where there is none. */
  remove(artifact: string): Promise<void>;
  /** All contents, in no order; `modifiedAt` in ms of the store's clock. Removes what puts that ended long ago have left. */
  list(): AsyncIterable<StoredContent & { modifiedAt: number }>;
};

/** `end` does not count any more. An empty content has no range but all of it. */
export function boundsOf(range: ByteRange | undefined, bytes: number): { from: number; end: number } {
  if (!range) return { from: 0, end: bytes };
  const { from, to = bytes - 1 } = range;
  const isWithin = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from < bytes && to >= from;
  if (isWithin) return { from, end: Math.min(to + 1, bytes) };
  throw new ArtifactError('invalid_range', `the range ${from}-${to} does not lie in the ${bytes} bytes that there are`);
}

/** What a put of more than its limit ends in. */
export function tooLarge(maxBytes: number): ArtifactError {
  return new ArtifactError('artifact_too_large', `an artifact may have at most ${maxBytes} bytes`);
}
