/**
 * Artifacts as files, named by their hash: `objects/ab/abcd...` in a folder. What is being written lies in `parts` until it is
 * whole and on disk, so a file under its name is always whole. Several processes on one machine may share the folder.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, opendir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { boundsOf } from '@weft/engine/ports';
import type { ArtifactStore, PutOptions, StoredContent } from '@weft/engine/ports';

import { artifactFailure, systemCode } from './artifact-failure.ts';
import { writePart } from './write-part.ts';

const HASH = /^[0-9a-f]{64}$/;
const CHUNK_BYTES = 64 * 1024;
/** A part that nobody has written to for so long is what a process left that ended, ms. */
const PART_AGE_MS = 24 * 3_600_000;
/** A link where a file should be is never followed, whoever put it there. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The store in this folder, which is made when something is written. */
export function createFileArtifactStore(directory: string): ArtifactStore {
  const parts = join(directory, 'parts');
  const objects = join(directory, 'objects');
  const folderOf = (artifact: string) => join(objects, artifact.slice(0, 2));
  const pathOf = (artifact: string) => join(folderOf(artifact), artifact);

  async function put(body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredContent> {
    await makeFolder(parts).catch((error: unknown) => {
      throw artifactFailure(error);
    });
    const part = join(parts, randomUUID());
    try {
      const content = await writePart(part, body, options);
      await options.claim?.(content);
      await place(part, content.artifact);
      return content;
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  async function place(part: string, artifact: string): Promise<void> {
    try {
      await makeFolder(objects);
      await makeFolder(folderOf(artifact));
      await rename(part, pathOf(artifact));
      await syncFolder(folderOf(artifact));
    } catch (error) {
      throw artifactFailure(error);
    }
  }

  return {
    put,
    async open(artifact, range) {
      const file = HASH.test(artifact) ? await openIfThere(pathOf(artifact)) : null;
      if (!file) return null;
      try {
        const { size } = await file.stat();
        return { bytes: size, body: pieces(file, boundsOf(range, size)) };
      } catch (error) {
        await file.close();
        throw artifactFailure(error);
      }
    },
    async remove(artifact) {
      if (!HASH.test(artifact)) return;
      await rm(pathOf(artifact), { force: true }).catch((error: unknown) => {
        throw artifactFailure(error);
      });
    },
    async *list() {
      await removeOldParts(parts);
      for await (const artifact of hashesIn(objects)) {
        const found = await statIfThere(pathOf(artifact));
        if (found?.isFile()) yield { artifact, bytes: found.size, modifiedAt: found.mtimeMs };
      }
    },
  };
}

/** What lies there under the name of a content, whatever it is. */
async function* hashesIn(objects: string): AsyncGenerator<string, void> {
  for await (const shard of entriesOf(objects)) {
    for await (const name of entriesOf(join(objects, shard))) if (HASH.test(name)) yield name;
  }
}

/** Closes the file when it has been read, or nobody wants the rest. */
async function* pieces(file: FileHandle, { from, end }: { from: number; end: number }): AsyncGenerator<Buffer, void> {
  try {
    for (let at = from; at < end;) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw artifactFailure(error);
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    const file = await open(path, READ);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return null;
  } catch (error) {
    // ELOOP: a link.
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return null;
    throw artifactFailure(error);
  }
}

/** A folder that is a link is none of ours: what is written must stay in the store. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if ((await lstat(path)).isDirectory()) return;
  throw Object.assign(new Error(`${path} is no folder`), { code: 'ENOTDIR' });
}

async function* entriesOf(path: string): AsyncGenerator<string, void> {
  try {
    for await (const entry of await opendir(path)) yield entry.name;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw artifactFailure(error);
  }
}

async function removeOldParts(parts: string): Promise<void> {
  for await (const name of entriesOf(parts)) {
    const found = await statIfThere(join(parts, name));
    if (found && Date.now() - found.mtimeMs > PART_AGE_MS) await rm(join(parts, name), { force: true });
  }
}

async function statIfThere(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw artifactFailure(error);
  }
}

/** A name is on disk once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
