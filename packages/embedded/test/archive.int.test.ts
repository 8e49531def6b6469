import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { WorkflowDocument } from '@weft/contract';
import type { PruneRequest } from '@weft/engine/ports';
import { openStore } from '@weft/postgres';
import type { PostgresStore } from '@weft/postgres';
import { createRig, createTestDatabase, verifyDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { createFileArchive } from '../src/index.ts';

const FLOW: WorkflowDocument = {
  name: 'flow',
  state: { words: { type: 'array', reducer: 'append', default: [] } },
  nodes: {
    say: { type: 'task', uses: 'echo', with: { word: '${input.word}' }, outputMapping: { words: 'word' } },
    each: { type: 'send', items: [1, 2, 3], target: 'item', needs: ['say'] },
    item: { type: 'task', uses: 'echo', with: '${item}' },
  },
} as unknown as WorkflowDocument;

const ALL: PruneRequest = {
  tenant: 'default',
  workflow: null,
  statuses: null,
  olderThanMs: null,
  keep: 0,
  archive: true,
  dryRun: false,
  budgetMs: 60_000,
};

let database: TestDatabase;
let rig: Rig;
let store: PostgresStore;
let folder: string;

beforeEach(async () => {
  database = await createTestDatabase();
  rig = await createRig({ url: database.url });
  folder = await mkdtemp(join(tmpdir(), 'weft-archive-'));
  const retention = { fallback: null, archive: createFileArchive(folder) };
  store = openStore({ url: database.url, retention, onError: () => undefined });
}, 60_000);

afterEach(async () => {
  await store.close();
  await rig.stop();
  await database.drop();
  await rm(folder, { recursive: true });
}, 60_000);

async function start(words: readonly string[]): Promise<string[]> {
  const runs = await Promise.all(words.map((word) => rig.run(FLOW, { input: { word } })));
  return runs.map(({ head }) => head.id).toSorted();
}

type Line = { id: string; [table: string]: unknown };

/** All lines of all final files; there must be no other files. */
async function archived(): Promise<Line[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.includes('.'));
  expect(names.filter((name) => !name.endsWith('.jsonl'))).toEqual([]);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line) as Line);
}

const idsOf = (lines: readonly Line[]) => lines.map(({ id }) => id).toSorted();

test('a line holds all of a run: input, output, error, steps, tasks with outputs, state', async () => {
  const [id] = await start(['hello']);
  expect(await store.retention.prune(ALL)).toMatchObject({ runs: 1, archived: 1 });
  const [line] = await archived();

  expect(line).toMatchObject({
    id,
    format: 'weft.run.1',
    run: { id, workflow: 'flow', status: 'succeeded' },
    run_body: { input: { word: 'hello' }, error: null },
    channel_write: [{ channel: 'words', kind: 'delta', value: 'hello' }],
    timer: [],
  });
  const tasks = line?.['task'] as { key: string; output: unknown }[];
  expect(tasks.find(({ key }) => key === 'say#0')?.output).toEqual({ word: 'hello' });
  const steps = line?.['step'] as { step: number; type: string }[];
  expect(steps.map(({ step }) => step)).toEqual(steps.map((_, index) => index + 1));
  expect(steps.at(-1)?.type).toBe('run_ended');
});

test('a run too great to be read at once is written in pieces', async () => {
  const wide = {
    ...FLOW,
    name: 'wide',
    nodes: { ...FLOW.nodes, each: { type: 'send', items: '${input.items}', target: 'item', needs: ['say'] } },
  };
  const items = Array.from({ length: 700 }, (_, n) => n);
  await rig.run(wide as unknown as WorkflowDocument, { input: { word: 'x', items } });
  await store.retention.prune(ALL);
  const [line] = await archived();

  expect(line?.['task']).toHaveLength(702);
}, 60_000);

async function pruneAndDie(moment: string): Promise<void> {
  const script = join(import.meta.dirname, 'fixtures', 'prune-and-die.ts');
  const child = spawn(process.execPath, [script, database.url, folder, moment], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
}

test.each(['writing', 'archived', 'deleted'])(
  'kill -9 while it is %s neither loses nor doubles a run',
  async (moment) => {
    const ids = await start(['a', 'b', 'c', 'd', 'e']);
    await pruneAndDie(moment);
    await verifyDatabase(database.url);
    const more = await start(['f']);
    await store.retention.prune(ALL);

    expect(idsOf(await archived())).toEqual([...ids, ...more].toSorted());
    expect((await store.reader.runs({ tenant: 'default', limit: 100 })).length).toBe(0);
  },
  60_000,
);

test('a run that was steered after it was archived is archived again as it is then, and once', async () => {
  const ids = await start(['a', 'b', 'c']);
  await pruneAndDie('archived');
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(`update run_body set tags = '{later}' where run_id = $1`, [ids[1]]);
  await client.end();
  await store.retention.prune(ALL);
  const lines = await archived();

  expect(idsOf(lines)).toEqual(ids);
  expect(lines.find(({ id }) => id === ids[1])).toMatchObject({ run_body: { tags: ['later'] } });
}, 60_000);

test('policies archive as well', async () => {
  const ids = await start(['a', 'b']);
  const rule = { maxAgeMs: null, maxCount: 1, failedMaxAgeMs: null, archive: true };
  await store.retention.setPolicy('default', { ...rule, workflow: 'flow' });

  expect(await store.retention.enforce()).toMatchObject({ runs: 1, archived: 1 });
  expect(idsOf(await archived())).toEqual([ids[0]]);
});
