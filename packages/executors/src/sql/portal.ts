/**
 * One statement by the extended protocol, which takes no second one, read piece by piece: no more rows come than are asked
 * for. What it will return is known before it is executed.
 */
import type { Connection, Submittable } from 'pg';

/** The part of the driver's connection that a portal speaks with. */
type Wire = Connection & {
  parse(query: { text: string; name: string; types: number[] }): void;
  bind(config: { portal: string; statement: string; values: (string | null)[]; binary: boolean }): void;
  describe(target: { type: 'P'; name: string }): void;
  execute(config: { portal: string; rows: number }): void;
  close(target: { type: 'P'; name: string }): void;
  flush(): void;
  sync(): void;
  sendCopyFail(reason: string): void;
};

export type Field = { name: string; dataTypeID: number };
export type RawRow = readonly (string | null)[];

/** `isEnd`: there are no more. `command`: the tag of a statement that has ended, such as `UPDATE 3`. */
export type Batch = { rows: RawRow[]; isEnd: boolean; command: string | null };

/** One read brought more bytes than are ever wanted; the connection was given up. */
export class BatchTooLargeError extends Error {
  override readonly name = 'BatchTooLargeError';
  readonly code = 'batch_too_large';
}

type Waiting<T> = ReturnType<typeof Promise.withResolvers<T>>;

/** Given to `client.query`; then `describe`, any number of `read`s, and `end`. Each rejects with the server's error. */
export class Portal implements Submittable {
  readonly #text: string;
  readonly #values: (string | null)[];
  readonly #described: Waiting<Field[] | null> = Promise.withResolvers();
  readonly #ready: Waiting<void> = Promise.withResolvers();
  #wire: Wire | null = null;
  #batch: Waiting<Batch> | null = null;
  #rows: RawRow[] = [];
  #error: Error | null = null;
  #isEnding = false;
  readonly #mostBytes: number;
  #bytes = 0;

  /** `mostBytes`: of one read, whatever its number of rows. */
  constructor(text: string, values: (string | null)[], mostBytes: number) {
    this.#text = text;
    this.#values = values;
    this.#mostBytes = mostBytes;
    for (const { promise } of [this.#described, this.#ready]) promise.catch(() => undefined);
  }

  submit(connection: Connection): void {
    const wire = connection as Wire;
    this.#wire = wire;
    wire.once('noData', this.#onNoData);
    wire.stream.on('data', this.#onBytes);
    wire.parse({ text: this.#text, name: '', types: [] });
    wire.bind({ portal: '', statement: '', values: this.#values, binary: false });
    wire.describe({ type: 'P', name: '' });
    wire.flush();
  }

  /** The columns; null where the statement returns no rows. Nothing was executed yet. */
  describe(): Promise<Field[] | null> {
    return this.#described.promise;
  }

  read(most: number): Promise<Batch> {
    if (this.#error !== null) return Promise.reject(this.#error);
    this.#batch = Promise.withResolvers();
    this.#bytes = 0;
    this.#wire?.execute({ portal: '', rows: most });
    this.#wire?.flush();
    return this.#batch.promise;
  }

  /** Closes it, read to its end or not. */
  async end(): Promise<void> {
    if (!this.#isEnding) {
      this.#isEnding = true;
      this.#wire?.close({ type: 'P', name: '' });
      this.#wire?.sync();
    }
    await this.#ready.promise;
  }

  readonly #onNoData = (): void => this.#described.resolve(null);

  readonly #onBytes = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#mostBytes) this.#wire?.stream.destroy(new BatchTooLargeError('too much in one piece'));
  };

  handleRowDescription({ fields }: { fields: Field[] }): void {
    this.#described.resolve(fields);
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#rows.push(fields);
  }

  handlePortalSuspended(): void {
    this.#give({ isEnd: false, command: null });
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#give({ isEnd: true, command: text });
  }

  handleEmptyQuery(): void {
    this.#give({ isEnd: true, command: null });
  }

  /** Nothing is copied in, and what is copied out is left where it is. */
  handleCopyInResponse(): void {
    this.#wire?.sendCopyFail('no data is copied here');
  }

  handleCopyData(): void {}

  handleError(error: Error): void {
    this.#error = error;
    this.#described.reject(error);
    this.#batch?.reject(error);
    if (!this.#isEnding) {
      this.#isEnding = true;
      this.#wire?.sync();
    }
    this.#finish();
  }

  handleReadyForQuery(): void {
    this.#finish();
  }

  #finish(): void {
    this.#wire?.removeListener('noData', this.#onNoData);
    this.#wire?.stream.removeListener('data', this.#onBytes);
    this.#ready.resolve();
  }

  #give(end: Omit<Batch, 'rows'>): void {
    const rows = this.#rows;
    this.#rows = [];
    this.#batch?.resolve({ rows, ...end });
  }
}
