/** Retention from the command line, on the real stack. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { retentionOptions } from '../src/stack/retention-options.ts';
import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { type CliResult, weft as weftHere } from './fake-terminal.ts';

let folder: string;
let database: TestDatabase;
let stack: DevStack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-retention-'));
  database = await createTestDatabase();
  stack = await startDev({
    host: '127.0.0.1',
    port: 0,
    dataDir: folder,
    databaseUrl: database.url,
    handlersFile: null,
    log: 'file',
    retention: retentionOptions({ WEFT_ARCHIVE_DIR: join(folder, 'archive'), WEFT_RETENTION: '90d' }),
  });
  const nodes = { hello: { type: 'task', uses: 'echo', with: 'Hello ${input.who}' } };
  await writeFile(join(folder, 'greet.json'), JSON.stringify({ name: 'greet', nodes }));
}, 60_000);

afterAll(async () => {
  await stack.stop();
  await database.drop();
  await rm(folder, { recursive: true });
}, 60_000);

const weft = (...args: string[]): Promise<CliResult> => weftHere(args, { env: { WEFT_URL: stack.url } });

test('runs are shown with their size, kept by policy, archived and pruned', async () => {
  for (const who of ['Ada', 'Grace', 'Edsger']) {
    expect(await weft('run', join(folder, 'greet.json'), '-i', `who=${who}`)).toMatchObject({ code: 0 });
  }
  const [newest, ...others] = JSON.parse((await weft('list', '--json')).out).items as { id: string }[];
  expect((await weft('show', newest?.id ?? '')).out).toMatch(/\n {2}[\d.]+ K?i?B in the database\n/);
  expect(await weft('retention', 'set', 'nobody', '--age', '1d')).toMatchObject({ code: 3 });
  expect((await weft('retention', 'set', 'greet', '--keep', '1', '--archive')).code).toBe(0);
  expect((await weft('retention')).out).toMatch(/greet +- +1 +- +yes\nall others \(server\) +90d/);

  const dry = await weft('prune', '--dry-run');
  expect(dry.err).toMatch(/^2 runs \([\d.]+ K?i?B\) would be deleted\n$/);
  expect((await weft('prune', '--yes')).err).toMatch(/^2 runs \([\d.]+ K?i?B\) were deleted, 2 are archived\n$/);
  expect(await weft('show', others[0]?.id ?? '')).toMatchObject({ code: 3 });
  expect((await weft('prune', '--yes')).err).toMatch(/^0 runs/);

  const files = (await readdir(join(folder, 'archive'), { recursive: true })).filter((name) => name.endsWith('.jsonl'));
  const lines = (await readFile(join(folder, 'archive', files[0] ?? ''), 'utf8')).trimEnd().split('\n');
  const inputs = lines.map((line) => (JSON.parse(line) as { run_body: { input: { who: string } } }).run_body.input.who);
  expect(inputs).toEqual(['Ada', 'Grace']);
});
