/** The client against the real producer, beyond what the commands use. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, eachItem, type WeftClient } from '@weft/sdk';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDev, type DevStack } from '../src/stack/start-dev.ts';

const CHAIN = 300;

let folder: string;
let database: TestDatabase;
let stack: DevStack;
let client: WeftClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-sdk-'));
  database = await createTestDatabase();
  const options = { dataDir: folder, databaseUrl: database.url, handlersFile: null, log: 'file' as const };
  stack = await startDev({ host: '127.0.0.1', port: 0, ...options });
  client = createClient({ url: stack.url });
});

afterAll(async () => {
  await stack.stop();
  await database.drop();
  await rm(folder, { recursive: true });
});

test('a document is validated and saved as its author wrote it', async () => {
  const yaml = (text: string) => ({ text, mediaType: 'application/yaml' as const });

  expect(await client.workflows.validate(yaml('name: a\nnodes: { x: { type: task, uses: echo } }\n'))).toMatchObject({
    valid: true,
  });
  expect(await client.workflows.validate(yaml('name: a\nnodes:\n  x: { type: task, usess: echo }\n'))).toMatchObject({
    valid: false,
    errors: expect.arrayContaining([expect.objectContaining({ code: 'unknown_key', line: 3 })]),
  });
  expect(await client.workflows.save(yaml('name: a\nnodes: { x: { type: task, uses: echo } }\n'))).toMatchObject({
    name: 'a',
    version: 1,
  });
  expect((await client.workflows.list()).items.map(({ name }) => name)).toContain('a');
});

test('a run may be waited for, by the answer or by its events', async () => {
  const document = { name: 'b', nodes: { x: { type: 'task', uses: 'echo', with: 'out' } } };

  expect(await client.runs.start({ workflow: document }, { waitMs: 10_000 })).toMatchObject({ output: 'out' });
  const { id } = await client.runs.start({ workflow: document });
  expect(await client.runs.ended(id)).toMatchObject({ status: 'succeeded', output: 'out' });
});

test('a long run is told step by step without a gap, from any step on, and listed page by page', async () => {
  const nodes = Object.fromEntries(
    Array.from({ length: CHAIN }, (_, i) => [
      `n${i}`,
      { type: 'task', uses: 'echo', ...(i > 0 && { needs: [`n${i - 1}`] }) },
    ]),
  );
  const { id } = await client.runs.start({ workflow: { name: 'chain', nodes } });

  const steps: number[] = [];
  for await (const { step, n } of client.runs.events(id, { modes: ['debug'] })) if (n === undefined) steps.push(step);

  const { step: last } = await client.runs.get(id);
  expect(steps).toEqual(Array.from({ length: last }, (_, i) => i + 1));
  const late = await Array.fromAsync(client.runs.events(id, { modes: ['debug'], after: last - 2 }));
  expect(late.map(({ step }) => step)).toEqual([last - 1, last]);
  const journal = await Array.fromAsync(eachItem((cursor) => client.runs.steps(id, { cursor, limit: 100 })));
  expect(journal.map(({ step }) => step)).toEqual(steps);
  expect(await Array.fromAsync(eachItem((cursor) => client.runs.tasks(id, { cursor, limit: 100 })))).toHaveLength(
    CHAIN,
  );
});

test('a task that took the result of another says so: as listed, in the events, and in the figures', async () => {
  const nodes = { x: { type: 'task', uses: 'echo', with: '${input.text}', cache: { ttlMs: 60_000 } } };
  const workflow = { name: 'cached', nodes, output: '${x}' };
  const seen: unknown[] = [];
  for (const _ of [1, 2]) {
    const { id, output } = await client.runs.start({ workflow, input: { text: 'same' } }, { waitMs: 10_000 });
    const [task] = (await client.runs.tasks(id)).items;
    const events = await Array.fromAsync(client.runs.events(id, { modes: ['tasks'] }));
    const told = JSON.stringify(events.find(({ type }) => type === 'task_succeeded')?.data).includes('"cached":true');
    seen.push({ output, cached: task?.cached, told });
  }

  expect(seen).toEqual([
    { output: 'same', cached: undefined, told: false },
    { output: 'same', cached: true, told: true },
  ]);
  const metrics = await (await fetch(new URL('/metrics', stack.url))).text();
  expect(metrics).toMatch(/^weft_cached_tasks_total\{result="hit"\} 1$/m);
  expect(metrics).toMatch(/^weft_cached_tasks_total\{result="miss"\} 1$/m);
});

test('a single task runs without a workflow, and the worker that ran it is listed', async () => {
  const { id, runId } = await client.tasks.start({ uses: 'echo', with: { a: 1 } }, { idempotencyKey: 'task-1' });
  await client.runs.ended(runId);

  expect(await client.tasks.get(id)).toMatchObject({ status: 'succeeded', output: { a: 1 } });
  expect(await client.tasks.start({ uses: 'echo', with: { a: 1 } }, { idempotencyKey: 'task-1' })).toMatchObject({
    id,
  });
  expect((await client.workers.list()).items).toMatchObject([{ status: 'active' }]);
});
