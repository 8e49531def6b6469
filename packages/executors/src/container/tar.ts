/** Tar archives, as engines take and give files: writing and reading of the plain kind. */

const BLOCK = 512;
const FILE = '0';
const FOLDER = '5';

export type TarFile = {
  /** At most 100 bytes. */
  name: string;
  mode: number;
  /** `folder`, or so many bytes that `body` yields. */
  bytes: number | 'folder';
  body?: AsyncIterable<Uint8Array>;
  owner: { uid: number; gid: number };
};

/** @throws RangeError when a body has another size than it should. */
export async function* writeTar(files: AsyncIterable<TarFile> | Iterable<TarFile>): AsyncGenerator<Uint8Array> {
  for await (const file of files) {
    yield header(file);
    const bytes = file.bytes === 'folder' ? 0 : file.bytes;
    let written = 0;
    for await (const chunk of file.body ?? []) {
      written += chunk.length;
      if (written > bytes) break;
      yield chunk;
    }
    if (written !== bytes) throw new RangeError(`${file.name} has not the ${bytes} bytes that it should have`);
    yield Buffer.alloc(-bytes & (BLOCK - 1));
  }
  yield Buffer.alloc(2 * BLOCK);
}

function header({ name, mode, bytes, owner }: TarFile): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, '0'), at, 'ascii');
  block.write(name, 0, 100, 'utf8');
  octal(mode, 100, 8);
  octal(owner.uid, 108, 8);
  octal(owner.gid, 116, 8);
  octal(bytes === 'folder' ? 0 : bytes, 124, 12);
  octal(0, 136, 12);
  block.write(bytes === 'folder' ? FOLDER : FILE, 156, 'ascii');
  block.write('ustar\x0000', 257, 'latin1');
  // The sum is taken with its own place as blanks.
  block.fill(' ', 148, 156);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

/** What an archive of one file holds: a file of so many bytes, or what else it is. */
export type TarEntry = { kind: 'file'; bytes: number; body: AsyncIterable<Uint8Array> } | { kind: 'other' };

/** Headers that only tell more about the next entry: long names, times. */
const MORE_ABOUT_NEXT = new Set(['x', 'g', 'L', 'K']);

/** Reads the first entry of an archive; its body must be read, or the archive closed. */
export async function readFirst(archive: AsyncIterable<Uint8Array>): Promise<TarEntry> {
  const reader = new Reader(archive);
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one entry lies behind the other
    const block = await reader.take(BLOCK);
    if (block.length < BLOCK || block[0] === 0) return { kind: 'other' };
    const type = block.toString('latin1', 156, 157);
    const bytes = sizeIn(block);
    if (type === FILE || type === '\0') return { kind: 'file', bytes, body: reader.body(bytes) };
    if (!MORE_ABOUT_NEXT.has(type)) return { kind: 'other' };
    // oxlint-disable-next-line no-await-in-loop
    await reader.take(Math.ceil(bytes / BLOCK) * BLOCK);
  }
}

/** Octal digits; binary, where the first bit is set. */
function sizeIn(block: Buffer): number {
  if ((block[124] ?? 0) & 0x80) return block.readUIntBE(130, 6);
  return Number.parseInt(block.toString('latin1', 124, 136).replaceAll('\0', '').trim() || '0', 8);
}

class Reader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #kept: Buffer = Buffer.alloc(0);

  constructor(archive: AsyncIterable<Uint8Array>) {
    this.#chunks = archive[Symbol.asyncIterator]();
  }

  /** So many bytes, or fewer at the end. */
  async take(bytes: number): Promise<Buffer> {
    while (this.#kept.length < bytes) {
      const next = await this.#chunks.next(); // oxlint-disable-line no-await-in-loop
      if (next.done) break;
      this.#kept = Buffer.concat([this.#kept, next.value]);
    }
    const taken = this.#kept.subarray(0, bytes);
    this.#kept = this.#kept.subarray(taken.length);
    return taken;
  }

  async *body(bytes: number): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0;) {
      if (this.#kept.length === 0) {
        const next = await this.#chunks.next(); // oxlint-disable-line no-await-in-loop
        if (next.done) throw new RangeError('the archive ends within a file');
        this.#kept = Buffer.from(next.value);
      }
      const piece = this.#kept.subarray(0, left);
      this.#kept = this.#kept.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
    await this.#chunks.return?.();
  }
}
