/**
 * Archives as files of JSON lines: `NAME.jsonl` in a folder, and `NAME.pending` while it is provisional. Whatever is written is
 * on disk before it has its name, so a file under either name is whole.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import type { Archive } from '@weft/engine/ports';

const PENDING = '.pending';
const PART = '.part';
const ID = /^\{"id":"([0-9a-f-]{36})"/;
/** Runs that are looked for at once. */
const GROUP = 1000;

/** The archive in this folder, which is made when something is written. Errors are those of the file system. */
export function createFileArchive(directory: string): Archive {
  const pathOf = (name: string, ending: string) => join(directory, `${name}${ending}`);
  return {
    async write(name, text) {
      await mkdir(dirname(pathOf(name, '')), { recursive: true });
      await writeWhole(pathOf(name, PENDING), text);
    },
    async provisional() {
      const files = await filesOf(directory);
      // A part is what a process wrote when it ended; its runs are all in the store.
      for (const file of files) if (file.endsWith(PART)) await rm(join(directory, file), { force: true });
      return files.filter((file) => file.endsWith(PENDING)).map((file) => file.slice(0, -PENDING.length));
    },
    async settle(name, remaining) {
      const pending = pathOf(name, PENDING);
      const ids = await idsOf(pending);
      const stay = new Set<string>();
      for (let i = 0; i < ids.length; i += GROUP) {
        for (const id of await remaining(ids.slice(i, i + GROUP))) stay.add(id);
      }
      const gone = ids.length - stay.size;
      if (stay.size === 0) await rename(pending, pathOf(name, '.jsonl'));
      else {
        if (gone > 0) await writeWhole(pathOf(name, '.jsonl'), linesWithout(pending, stay));
        await rm(pending);
      }
      await syncFolder(dirname(pending));
      return gone;
    },
  };
}

async function writeWhole(path: string, text: AsyncIterable<string>): Promise<void> {
  const part = `${path}${PART}`;
  const file = await open(part, 'w');
  try {
    for await (const piece of text) await file.write(piece);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
  await syncFolder(dirname(path));
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

async function filesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function idsOf(path: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const line of createInterface({ input: createReadStream(path) })) ids.push(idOf(line, path));
  return ids;
}

async function* linesWithout(path: string, ids: ReadonlySet<string>): AsyncGenerator<string, void> {
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (!ids.has(idOf(line, path))) yield `${line}\n`;
  }
}

function idOf(line: string, path: string): string {
  const id = ID.exec(line)?.[1];
  if (id === undefined) throw new Error(`${path} holds a line that is no run`);
  return id;
}
