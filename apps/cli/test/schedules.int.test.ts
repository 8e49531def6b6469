/** Schedules by the command line and over HTTP, on the embedded stack. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createClient } from '@weft/sdk';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { weft } from './fake-terminal.ts';

const PATIENCE = { timeout: 30_000, interval: 20 };

let folder: string;
let database: TestDatabase;
let stack: DevStack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-schedules-'));
  database = await createTestDatabase();
  const options = { dataDir: folder, databaseUrl: database.url, handlersFile: null, log: 'file' as const };
  stack = await startDev({ host: '127.0.0.1', port: 0, ...options });
  const nodes = {
    a: { type: 'task' as const, uses: 'echo', with: { at: '${config.trigger.scheduledFor}', in: '${input}' } },
  };
  await createClient({ url: stack.url }).workflows.save({
    name: 'report',
    input: { type: 'object', required: ['who'] },
    nodes,
  });
});

afterAll(async () => {
  await stack.stop();
  await database.drop();
  await rm(folder, { recursive: true });
});

const call = (...args: string[]) => weft(['schedules', ...args, '--url', stack.url]);
const client = () => createClient({ url: stack.url });
const json = async (...args: string[]) => JSON.parse((await call(...args, '--json')).out);

test('a schedule is added, shown, fires by itself, is paused, run, made up for, replaced and removed', async () => {
  expect(await call()).toMatchObject({ code: 0, err: 'no schedules\n' });
  const added = await call(
    'add',
    'tick',
    'report',
    '--every',
    '1s',
    '-i',
    'who=me',
    '--tag',
    'nightly',
    '--overlap',
    'allowAll',
  );
  expect(added).toMatchObject({
    code: 0,
    err: expect.stringContaining('the schedule tick is created; it fires next at 2'),
  });
  expect((await call('add', 'tick', 'report', '--every', '1s', '-i', 'who=me')).code).toBe(5);

  const fired = await vi.waitUntil(
    async () => (await json('fires', 'tick', '--outcome', 'started')).items[0],
    PATIENCE,
  );
  const run = await vi.waitUntil(async () => {
    const seen = await client().runs.get(fired.runId);
    return seen.endedAt ? seen : null;
  }, PATIENCE);
  expect(run.output).toEqual({ at: fired.scheduledFor, in: { who: 'me' } });
  expect(run).toMatchObject({
    tags: ['nightly', 'schedule:tick'],
    trigger: { schedule: 'tick', scheduledFor: fired.scheduledFor, kind: 'schedule' },
  });
  expect((await client().runs.list({ tag: 'schedule:tick' })).items.length).toBeGreaterThan(0);

  await call('pause', 'tick', '--note', 'holidays');
  expect((await call('show', 'tick')).out).toMatch(/^state {8}paused: holidays$/m);
  expect((await call('list')).out).toMatch(/^tick {2}paused {2}every 1s? {2}|^tick +paused/m);
  const manual = await call('run', 'tick', '--idempotency-key', 'once');
  expect(manual.code).toBe(0);
  expect((await call('run', 'tick', '--idempotency-key', 'once')).out).toBe(manual.out);

  const to = new Date(Date.now() - 60_000).toISOString();
  const from = new Date(Date.now() - 62_000).toISOString();
  expect((await call('backfill', 'tick', '--from', from, '--to', to, '--overlap', 'allowAll')).err).toMatch(
    /^[23] firings wait now; 0/,
  );
  await vi.waitUntil(async () => (await json('show', 'tick')).waiting === 0, PATIENCE);

  await call('resume', 'tick');
  expect(await json('show', 'tick')).toMatchObject({ state: 'active', note: null });
  expect(
    (
      await call(
        'add',
        'tick',
        'report@1',
        '--cron',
        '0 6 * * 1',
        '--time-zone',
        'Europe/Berlin',
        '-i',
        'who=you',
        '--replace',
      )
    ).code,
  ).toBe(0);
  expect(await json('show', 'tick')).toMatchObject({
    workflow: { name: 'report', version: 1 },
    overlap: 'skip',
    input: { who: 'you' },
  });
  expect((await json('next', 'tick', '-n', '2')).items).toHaveLength(2);
  expect((await call('remove', 'tick')).code).toBe(0);
  expect((await call('show', 'tick')).code).toBe(3);
});

test('the example runs for the day of its instant', async () => {
  const example = join(import.meta.dirname, '..', '..', '..', 'examples', 'nightly-report');
  const headers = { 'content-type': 'application/yaml' };
  const workflow = await readFile(join(example, 'workflow.yaml'));
  expect((await fetch(`${stack.url}/v1/workflows`, { method: 'POST', headers, body: workflow })).status).toBe(201);
  await client().schedules.create(JSON.parse(await readFile(join(example, 'schedule.json'), 'utf8')));
  await client().schedules.backfill('nightly', { from: '2026-03-29T00:00:00Z', to: '2026-03-29T12:00:00Z' });
  const fire = await vi.waitUntil(
    async () => (await json('fires', 'nightly', '--outcome', 'started')).items[0],
    PATIENCE,
  );
  expect(fire).toMatchObject({ scheduledFor: '2026-03-29T01:00:00.000Z', kind: 'backfill' });
  await expect
    .poll(async () => (await client().runs.get(fire.runId)).output, PATIENCE)
    .toEqual({ report: 'Report of 2026-03-29, by nightly: 10' });
});

describe('what cannot be a schedule', () => {
  test.each([
    [{ spec: { cron: '0 25 * * *' } }, '/spec/cron', 'bad_schedule', 'the field hour cannot be "25"'],
    [{ spec: { cron: '0 0 30 2 *' } }, '/spec/cron', 'never_fires', 'no instant of it is to come'],
    [
      { spec: { cron: '* * * * *', timeZone: 'Mars' } },
      '/spec/timeZone',
      'bad_schedule',
      'there is no time zone "Mars"',
    ],
    [{ spec: { everyMs: 5 } }, '/spec/everyMs', 'invalid_value', expect.stringContaining('1000')],
    [{ spec: { everyMs: 5000, often: true } }, '/spec/often', 'unknown_key', expect.anything()],
    [{ overlap: 'sometimes' }, '/overlap', 'invalid_value', expect.anything()],
    [{ input: {} }, '/input', 'invalid_input', expect.stringContaining('who')],
    [{ workflow: 'nobody' }, '/workflow', 'missing_reference', expect.stringContaining('nobody')],
  ])('is refused at its place: %j', async (parts, pointer, code, message) => {
    const body = { name: 'bad', spec: { everyMs: 60_000 }, workflow: 'report', input: { who: 'me' }, ...parts };
    const answer = await fetch(`${stack.url}/v1/schedules`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const problem = (await answer.json()) as { errors: unknown[] };
    expect(problem.errors).toEqual([expect.objectContaining({ pointer, code, message })]);
    expect(answer.status).toBe('workflow' in parts ? 404 : 422);
  });

  test('is told without being saved', async () => {
    const items = (
      await client().schedules.preview({
        spec: { cron: '30 2 * * *', timeZone: 'Europe/Berlin' },
        after: '2026-03-28T00:00:00Z',
        count: 2,
      })
    ).items;
    expect(items).toEqual([
      { scheduledFor: '2026-03-28T01:30:00.000Z', local: '2026-03-28T02:30:00.000' },
      { scheduledFor: '2026-03-29T01:00:00.000Z', local: '2026-03-29T03:00:00.000' },
    ]);
    expect((await call('next', '--cron', '* * *')).code).toBe(7);
    expect((await call('next')).code).toBe(2);
    expect((await call('next', '--cron', '0 0 * * *', '--after', '2026-01-01T00:00:00Z', '-n', '1')).out).toContain(
      '2026-01-02T00:00:00.000Z',
    );
  });
});
