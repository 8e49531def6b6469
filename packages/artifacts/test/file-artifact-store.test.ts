import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createFileArtifactStore } from '../src/index.ts';

const run = promisify(execFile);
const PUT = join(import.meta.dirname, 'fixtures', 'put-into.ts');
const HASH = 'a'.repeat(64);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-artifacts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function* text(words: string): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(words);
}

describe('a link in the folder', () => {
  test('in place of a content is not followed', async () => {
    const store = createFileArtifactStore(folder);
    await writeFile(join(folder, 'secret'), 'not for you');
    await mkdir(join(folder, 'objects', 'aa'), { recursive: true });
    await symlink(join(folder, 'secret'), join(folder, 'objects', 'aa', HASH));

    expect(await store.open(HASH)).toBeNull();
    expect(await Array.fromAsync(store.list())).toEqual([]);
  });

  test.each(['objects', 'parts'])('in place of %s is not written through', async (name) => {
    const outside = await mkdtemp(join(tmpdir(), 'weft-outside-'));
    await symlink(outside, join(folder, name));
    const put = createFileArtifactStore(folder).put(text('a'), { maxBytes: 9 });

    await expect(put).rejects.toMatchObject({ code: 'artifact_store_unavailable' });
    expect(await readdir(outside)).toEqual([]);
    await rm(outside, { recursive: true });
  });
});

test('what a process left that ended while it wrote is removed after a day', async () => {
  const store = createFileArtifactStore(folder);
  await mkdir(join(folder, 'parts'), { recursive: true });
  for (const name of ['old', 'new']) await writeFile(join(folder, 'parts', name), 'half');
  const before = new Date(Date.now() - 25 * 3_600_000);
  await utimes(join(folder, 'parts', 'old'), before, before);

  expect(await Array.fromAsync(store.list())).toEqual([]);
  expect(await readdir(join(folder, 'parts'))).toEqual(['new']);
});

test('a disk that has no room is a failure that can be tried again, and leaves nothing', async () => {
  const limited = ['--fsize=200000', process.execPath, PUT, folder];
  const full = await run('prlimit', [...limited, '1000000']);
  const fits = await run('prlimit', [...limited, '100000']);

  expect(JSON.parse(full.stdout)).toMatchObject({
    code: 'artifact_store_full',
    retryable: true,
    message: expect.stringContaining('no room to keep the artifact'),
  });
  expect(JSON.parse(fits.stdout)).toMatchObject({ bytes: 100_000 });
  expect(await readdir(join(folder, 'parts'))).toEqual([]);
});
