import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ArtifactStore } from '@weft/engine/ports';
import { collectArtifacts, createArtifacts } from '@weft/engine/runtime';
import { openStore } from '@weft/postgres';
import type { PostgresStore } from '@weft/postgres';
import { createTestDatabase } from '@weft/testkit';
import type { TestDatabase } from '@weft/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { createFileArtifactStore } from '../src/index.ts';

const HOUR = 3_600_000;

let database: TestDatabase;
let store: PostgresStore;
let artifactStore: ArtifactStore;
let folder: string;

beforeEach(async () => {
  database = await createTestDatabase();
  store = openStore({ url: database.url, onError: () => undefined });
  folder = await mkdtemp(join(tmpdir(), 'weft-artifacts-'));
  artifactStore = createFileArtifactStore(folder);
}, 60_000);
afterEach(async () => {
  await store.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

async function* text(words: string): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(words);
}

const files = () => createArtifacts({ artifactStore, artifacts: store.artifacts });
const write = (words: string, tenant = 'acme') =>
  files().write({ tenant, name: 'a', mediaType: 'text/plain', by: null }, text(words));
const collect = ({ graceMs = HOUR, contentGraceMs = HOUR, inMs = 0 } = {}) =>
  collectArtifacts(
    { artifactStore, artifacts: store.artifacts, artifactLimits: { graceMs } },
    { contentGraceMs, now: Date.now() + inMs },
  );
const kept = async () => (await Array.fromAsync(artifactStore.list())).map(({ artifact }) => artifact);

test.each(['writing', 'claimed', 'placed'])(
  'kill -9 while a content is %s leaves nothing that anybody sees, nor anything for ever',
  async (moment) => {
    const script = join(import.meta.dirname, 'fixtures', 'put-and-die.ts');
    const child = spawn(process.execPath, [script, database.url, folder, moment], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    expect((await files().list({ tenant: 'acme', runId: null, limit: 9, after: null })).items).toEqual([]);

    // What may still be on its way is left alone; then it goes.
    expect(await collect()).toEqual({ artifacts: 0, contents: 0, strays: 0 });
    const left = await readdir(join(folder, 'parts'));
    const before = new Date(Date.now() - 25 * HOUR);
    for (const name of left) await utimes(join(folder, 'parts', name), before, before);
    await collect({ contentGraceMs: -1000 });
    expect([await kept(), await readdir(join(folder, 'parts'))]).toEqual([[], []]);
    expect(await store.artifacts.unowned({ olderThanMs: -1000, limit: 9 })).toEqual([]);
    const { artifact } = await write('a content that is cut off');
    expect(await kept()).toEqual([artifact]);
  },
  60_000,
);

test('a content goes when the last tenant that had it lets it go, and not before', async () => {
  const { artifact } = await write('of both', 'acme');
  await write('of both', 'other');
  const find = (tenant: string) => files().find(tenant, artifact);
  expect(await files().remove('acme', artifact)).toBe('removed');
  await collect({ contentGraceMs: -1000 });

  expect([await find('acme'), (await find('other'))?.bytes, await kept()]).toEqual([null, 7, [artifact]]);
  await collect({ graceMs: -1000, contentGraceMs: -1000 });
  expect([await find('other'), await kept()]).toEqual([null, []]);
});

test('what lies in the store and nobody knows of is taken away, unless it is new', async () => {
  await artifactStore.put(text('a stray'), { maxBytes: 99 });
  expect(await collect()).toEqual({ artifacts: 0, contents: 0, strays: 0 });
  expect(await kept()).toHaveLength(1);

  expect(await collect({ inMs: 2 * HOUR })).toEqual({ artifacts: 0, contents: 1, strays: 1 });
  expect(await kept()).toEqual([]);
});

test('a content that is put while it is taken away is there afterwards', async () => {
  const { artifact } = await write('again');
  await files().remove('acme', artifact);
  const { promise: underWay, resolve: begin } = Promise.withResolvers<void>();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const collecting = store.artifacts.collect(artifact, -1000, async () => {
    begin();
    await gate;
    await artifactStore.remove(artifact);
  });
  await underWay;
  const writing = write('again');
  open();

  expect(await collecting).toBe(true);
  await writing;
  expect([await kept(), (await files().find('acme', artifact))?.bytes]).toEqual([[artifact], 5]);
});
