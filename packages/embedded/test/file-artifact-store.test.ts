import { createFileArtifactStore } from '../src/index.ts';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-artifacts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function* text(...pieces: string[]): AsyncGenerator<Uint8Array, void> {
  for (const piece of pieces) yield Buffer.from(piece);
}

test('what is put is found by its hash, whole or in part, and kept once', async () => {
  const store = createFileArtifactStore(folder);
  const { artifact, bytes } = await store.put(text('hello ', 'world'), { maxBytes: 100 });
  await store.put(text('hello world'), { maxBytes: 100 });

  expect(bytes).toBe(11);
  const opened = await store.open(artifact, { from: 6, to: 8 });
  expect(Buffer.concat(await Array.fromAsync(opened?.body ?? [])).toString()).toBe('wor');
  expect(await Array.fromAsync(store.list())).toMatchObject([{ artifact, bytes: 11 }]);
  expect(await readdir(join(folder, 'parts'))).toEqual([]);
});
