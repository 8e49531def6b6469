/** Writing a body into a file that nobody knows of yet. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { tooLarge } from '@weft/engine/ports';
import type { PutOptions, StoredContent } from '@weft/engine/ports';

import { artifactFailure } from './artifact-failure.ts';

/** A file that is there already, or a link, is not written to. */
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** The file is on disk once this returns. What goes wrong with the body is thrown as it is, the rest as an ArtifactError. */
export async function writePart(
  path: string,
  body: AsyncIterable<Uint8Array>,
  { maxBytes, signal }: PutOptions,
): Promise<StoredContent> {
  const source = { body, error: null as unknown };
  try {
    return await write(path, heard(source), { maxBytes, ...(signal && { signal }) });
  } catch (error) {
    throw error === source.error || signal?.aborted ? error : artifactFailure(error);
  }
}

async function write(
  path: string,
  body: AsyncIterable<Uint8Array>,
  { maxBytes, signal }: PutOptions,
): Promise<StoredContent> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, CREATE, 0o600);
  try {
    for await (const piece of body) {
      signal?.throwIfAborted();
      bytes += piece.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      hash.update(piece);
      await file.writeFile(piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { artifact: hash.digest('hex'), bytes };
}

async function* heard(source: { body: AsyncIterable<Uint8Array>; error: unknown }): AsyncGenerator<Uint8Array, void> {
  try {
    yield* source.body;
  } catch (error) {
    source.error = error;
    throw error;
  }
}
