import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { createFileArchive } from '../src/index.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-archive-'));
});

afterEach(() => rm(folder, { recursive: true }));

const ID = (n: number) => `00000000-0000-7000-8000-00000000000${n}`;
const line = (n: number) => `{"id":"${ID(n)}","text":"run ${n}"}\n`;

async function* pieces(...numbers: number[]): AsyncGenerator<string, void> {
  for (const n of numbers) {
    yield line(n).slice(0, 20);
    yield line(n).slice(20);
  }
}

const files = async () => (await readdir(folder, { recursive: true })).filter((name) => name.includes('.')).toSorted();
const nobody = async () => new Set<string>();
const text = (name: string) => readFile(join(folder, name), 'utf8');

test('a file is provisional until it is settled, and final as it was written', async () => {
  const archive = createFileArchive(folder);
  await archive.write('day/a', pieces(1, 2));
  expect(await archive.provisional()).toEqual(['day/a']);
  expect(await files()).toEqual(['day/a.pending']);

  expect(await archive.settle('day/a', nobody)).toBe(2);
  expect(await files()).toEqual(['day/a.jsonl']);
  expect(await text('day/a.jsonl')).toBe(line(1) + line(2));
  expect(await archive.provisional()).toEqual([]);
});

test('runs that are still in the store leave the file, and a file of nothing else goes', async () => {
  const archive = createFileArchive(folder);
  await archive.write('a', pieces(1, 2, 3));
  await archive.write('b', pieces(4));
  const remaining = async (ids: readonly string[]) => new Set(ids.filter((id) => id === ID(2) || id === ID(4)));

  expect(await archive.settle('a', remaining)).toBe(2);
  expect(await archive.settle('b', remaining)).toBe(0);
  expect(await files()).toEqual(['a.jsonl']);
  expect(await text('a.jsonl')).toBe(line(1) + line(3));
});

test('what was not written to its end is no file, and is cleared away', async () => {
  const archive = createFileArchive(folder);
  async function* breaks(): AsyncGenerator<string, void> {
    yield line(1);
    throw new Error('the database has gone');
  }
  await expect(archive.write('a', breaks())).rejects.toThrow('the database has gone');
  expect(await files()).toEqual(['a.pending.part']);

  expect(await archive.provisional()).toEqual([]);
  expect(await files()).toEqual([]);
});

test('a line that is no run is not thrown away', async () => {
  await writeFile(join(folder, 'a.pending'), `${line(1)}nonsense\n`);

  await expect(createFileArchive(folder).settle('a', nobody)).rejects.toThrow('a line that is no run');
  expect(await files()).toEqual(['a.pending']);
});

test('a folder that is not there yet holds nothing', async () => {
  expect(await createFileArchive(join(folder, 'none')).provisional()).toEqual([]);
});
