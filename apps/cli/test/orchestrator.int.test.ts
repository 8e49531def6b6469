/** Single tasks for the best endpoint, and how the mesh is, on the real stack with endpoints that answer by HTTP. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DispatchResult, MeshMetrics, Scaling } from '@weft/contract';
import { createClient, type WeftClient } from '@weft/sdk';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { weft as weftHere } from './fake-terminal.ts';

const SOON = { timeout: 20_000, interval: 50 };

let folder: string;
let database: TestDatabase;
let stack: DevStack;
let server: Server;
let client: WeftClient;
let origin: string;
const asked: string[] = [];
/** What the endpoint of this path answers with. */
let status: (path: string) => number = () => 200;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-mesh-'));
  database = await createTestDatabase();
  server = createServer((request, answer) => {
    asked.push(request.url ?? '');
    answer.writeHead(status(request.url ?? ''), { 'content-type': 'application/json' });
    request.resume().on('end', () => answer.end(JSON.stringify({ response: `done by ${request.url?.slice(1)}` })));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { dataDir: folder, databaseUrl: database.url, handlersFile: null, log: 'file' as const, env: {} };
  stack = await startDev({ host: '127.0.0.1', port: 0, ...options });
  client = createClient({ url: stack.url });
  // It counts from the next decision on, which is made by the time it is asked for.
  await client.mesh.setScaling({ slaMs: 2000 });
  for (const [name, perCall, specialties] of [
    ['coder', 0.02, ['code']],
    ['cheap', 0.001, []],
  ] as const) {
    const health = { enabled: false };
    const rest = { price: { perCall }, specialties: [...specialties], maxConcurrent: 20, health };
    await client.endpoints.create({ name, protocol: 'webhook', url: `${origin}/${name}`, ...rest });
  }
}, 60_000);

afterAll(async () => {
  await stack?.stop();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await database.drop();
  await rm(folder, { recursive: true });
}, 60_000);

const weft = (...args: string[]) => weftHere(args, { env: { WEFT_URL: stack.url } });

test('a task goes to the specialist for its type, and the result says where else it could have gone', async () => {
  const result = await client.mesh.dispatch({
    task: 'Fix it {{ now }}',
    taskType: 'code',
    priority: 'CRITICAL',
    wait: '20s',
  });

  expect(result).toMatchObject({
    taskType: 'code',
    priority: 'critical',
    status: 'succeeded',
    selectedNode: 'coder',
    costOptimalNode: 'cheap',
    dispatchedTo: 'coder',
    circuitState: 'closed',
    success: true,
    error: null,
    output: 'done by coder',
    usage: { usd: 0.02 },
    why: { why: 'score', endpoint: 'coder' },
  });
  expect(result.latencyMs).toBeGreaterThanOrEqual(0);
  expect(await client.mesh.dispatched(result.taskId)).toEqual(result);
});

test('the same key is the same task, and without a wait it is told at once', async () => {
  const send = () => client.mesh.dispatch({ task: 'Once' }, { idempotencyKey: 'once' });
  const [first, second] = [await send(), await send()];

  expect(second.taskId).toBe(first.taskId);
  expect(first).toMatchObject({ taskType: 'general', priority: 'normal' });
  await expect.poll(async () => (await client.mesh.dispatched(first.taskId)).success, SOON).toBe(true);
});

test('what no dispatch can be is refused with its place, and other tasks are none', async () => {
  await expect(client.mesh.dispatch({ task: '', priority: 'URGENT' })).rejects.toMatchObject({
    code: 'invalid_request',
    problem: {
      errors: [{ pointer: '/task' }, { pointer: '/priority', message: 'must be CRITICAL, HIGH, NORMAL or LOW' }],
    },
  });
  const other = await client.tasks.start({ uses: 'echo', with: 1 });
  await expect(client.mesh.dispatched(other.id)).rejects.toMatchObject({ code: 'not_found' });
});

test('a budget that the task cannot keep to fails it, and nothing is sent', async () => {
  const before = asked.length;
  const result = await client.mesh.dispatch({ task: 'Dear', budget: { usd: 0 }, wait: '20s' });

  const error = {
    code: 'budget_exceeded',
    message: expect.stringContaining('at the endpoint cheap'),
    details: { endpoint: 'cheap' },
  };
  expect(result).toMatchObject({ success: false, dispatchedTo: null, error });
  expect(asked).toHaveLength(before);
});

test('why says of a run what each of its tasks waits for, and of one that has ended that none does', async () => {
  const workflow = {
    name: 'waits',
    nodes: { held: { type: 'task', prompt: 'x', tags: ['nowhere'] }, done: { type: 'task', uses: 'echo' } },
  };
  const { id } = await client.runs.start({ workflow });
  const why = () => weft('why', id);
  await expect
    .poll(async () => (await why()).out, SOON)
    .toMatch(
      /^held [0-9a-f-]{36}\n  the task waits for an endpoint with a tag of nowhere, and there is none \(no_endpoint\)\n/,
    );
  expect((await why()).out).not.toContain('done');

  await client.runs.cancel(id);
  expect(await why()).toMatchObject({ code: 0, out: 'the run is cancelled, and none of its tasks waits\n' });
});

test('an execution is named as soon as it is durable, though nothing can take its steps', async () => {
  const stopped = new AbortController();
  const named = Promise.withResolvers<string>();
  const request = { steps: [{ id: 'a', prompt: 'x', tags: ['nowhere'] }] };
  const items = client.mesh.execute(request, { onStarted: named.resolve, signal: stopped.signal });
  const next = items.next();
  expect(await client.runs.get(await named.promise)).toMatchObject({ status: 'running' });
  stopped.abort();
  await expect(next).rejects.toThrow();
});

test('in an emergency everything goes to the cheapest, until it is over', async () => {
  expect(await weft('mesh', 'emergency', 'on', '--reason', 'the bill')).toMatchObject({
    code: 0,
    err: expect.stringContaining('goes to the cheapest endpoint: the bill'),
  });
  const saved = await client.mesh.dispatch({ task: 'Fix it', taskType: 'code', wait: '20s' });
  expect(saved).toMatchObject({ selectedNode: 'coder', dispatchedTo: 'cheap', why: { why: 'emergency' } });
  expect(await client.mesh.metrics()).toMatchObject({ emergency: true });
  expect(await weft('mesh', 'emergency', 'off')).toMatchObject({ code: 0, err: 'no emergency\n' });

  const again = await client.mesh.dispatch({ task: 'Fix it', taskType: 'code', wait: '20s' });
  expect(again).toMatchObject({ dispatchedTo: 'coder' });
  expect(await weft('mesh', 'emergency', 'perhaps')).toMatchObject({ code: 2 });
});

test('what fails is told in the result; the circuit that opens by it is shown, and its work goes elsewhere', async () => {
  status = (path) => (path === '/coder' ? 500 : 200);
  const send = () => client.mesh.dispatch({ task: 'Fix it', taskType: 'code', wait: '20s' });
  const first = await send();
  expect(first).toMatchObject({ success: false, dispatchedTo: 'coder', error: { retryable: true } });
  await expect.poll(async () => (await send()).dispatchedTo, SOON).toBe('cheap');

  const { items } = await client.mesh.circuits();
  expect(items).toMatchObject([
    { endpoint: 'cheap', circuit: 'closed', status: 'active', retryAt: null },
    { endpoint: 'coder', circuit: 'open', status: 'open', retryAt: expect.any(String) },
  ]);
  const metrics: MeshMetrics = await client.mesh.metrics();
  expect(metrics).toMatchObject({ nodesActive: 1, nodesTotal: 2, circuitBreakersOpen: 1, queueDepth: 0 });
  expect((await weft('mesh', 'circuits')).out).toMatch(/^coder +open +open /m);
  expect((await weft('mesh', 'metrics')).out).toContain('1 of 2 active, 1 circuits open');
  status = () => 200;
});

test('the command line dispatches, and its status says what came of it', async () => {
  const done = await weft('mesh', 'dispatch', 'Say so', '--priority', 'low', '--json');
  expect(done.code).toBe(0);
  expect(JSON.parse(done.out) as DispatchResult).toMatchObject({ priority: 'low', output: 'done by cheap' });
  expect((await weft('mesh', 'dispatch', 'Say so')).out).toBe('done by cheap\n');
  expect((await weft('mesh', 'dispatch', 'Say so', '--usd', '0')).code).toBe(1);
  expect((await weft('mesh', 'dispatch', 'Say so', '--tag', 'nobody', '--wait', '200ms')).code).toBe(8);
});

test('the decision about scaling is there with its figures, is held to what is set, and is exported', async () => {
  const decided = async (): Promise<Scaling> => client.mesh.scaling();
  await expect.poll(async () => (await decided()).slaMs, SOON).toBe(2000);

  const now = await decided();
  expect(now).toMatchObject({ totalNodes: 1, activeNodes: 1, healthScore: 1, health: 'healthy', workersWanted: 1 });
  const { queueDepth, avgLatencyMs, demandScore } = now;
  expect(demandScore).toBeCloseTo((0.6 * queueDepth) / 50 + (0.4 * avgLatencyMs) / 2000, 4);
  expect((await weft('mesh', 'scaling', '--sla', '5s')).out).toMatch(/^D [\d.]+ +queue 0, /m);
  const text = await (await fetch(`${stack.url}/metrics`)).text();
  expect(text).toMatch(/^weft_scaling_demand [\d.]+$/m);
  expect(text).toMatch(/^weft_scaling_workers\{state="all"\} 1$/m);
});
