/** Two tenants who do the same, with the same names and keys: each has its own. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createTenantRig } from './tenant-rig.ts';
import type { Client, TenantRig } from './tenant-rig.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };

let rig: TenantRig;
/** What executors were given, as JSON. */
const computed: string[] = [];

beforeAll(async () => {
  rig = await createTenantRig({
    compute: async ({ input }) => {
      computed.push(JSON.stringify(input));
      return { kind: 'succeeded', output: input };
    },
  });
}, 60_000);

afterAll(() => rig?.stop());

const both = <T>(work: (client: Client) => Promise<T>): Promise<[T, T]> =>
  Promise.all([work(rig.acme), work(rig.globex)]);

const inline = (name: string, given: unknown, more: object = {}) => ({
  name,
  nodes: { a: { type: 'task', uses: 'compute', with: given, ...more } },
});

async function finished(client: Client, payload: object, headers: Record<string, string> = {}) {
  const started = await client('POST', '/v1/runs?wait=20s', { payload, headers });
  expect(started.json().status, started.body).toBe('succeeded');
  return started.json();
}

async function list(client: Client, url: string): Promise<Record<string, never>[]> {
  return (await client('GET', url)).json().items;
}

test('the same idempotency key starts a run of each', async () => {
  const headers = { 'idempotency-key': 'the-same' };
  const [acme, globex] = await both((client) => finished(client, { workflow: inline('keyed', 1) }, headers));
  expect(acme.id).not.toBe(globex.id);
  const [again] = await both((client) => finished(client, { workflow: inline('keyed', 1) }, headers));
  expect(again.id).toBe(acme.id);
});

test('the same document and the same name are a workflow of each', async () => {
  for (let i = 0; i < 2; i += 1) await both((client) => finished(client, { workflow: inline('named', 1) }));
  await rig.acme('POST', '/v1/workflows', { payload: inline('named', 2) });
  const [acme, globex] = await both((client) => client('GET', '/v1/workflows/named'));
  expect([acme.json().version, globex.json().version]).toEqual([2, 1]);
  const task = (client: Client) => client('POST', '/v1/tasks', { payload: { uses: 'compute', with: 3 } });
  for (const started of await both(task)) expect(started.statusCode).toBe(202);
  const [own] = await both((client) => list(client, '/v1/runs?workflow=task:compute'));
  expect(own).toHaveLength(1);
});

test('a cached result is computed for each', async () => {
  const given = { x: 1 };
  const times = () => computed.filter((one) => one === JSON.stringify(given)).length;
  const cached = { workflow: inline('cached', given, { cache: { ttlMs: 60_000 } }) };
  await finished(rig.acme, cached);
  await finished(rig.acme, cached);
  expect(times()).toBe(1);
  await finished(rig.globex, cached);
  expect(times()).toBe(2);
});

test('a child run is of the tenant of its parent, whose workflow has the same name', async () => {
  for (const [client, given] of [
    [rig.acme, 'of acme'],
    [rig.globex, 'of globex'],
  ] as const)
    await client('POST', '/v1/workflows', { payload: inline('child', given) });
  const parent = { name: 'parent', nodes: { down: { type: 'subgraph', workflow: 'child', input: {} } } };
  const [acme, globex] = await both((client) => finished(client, { workflow: parent }));
  expect([acme.output, globex.output]).toEqual(['of acme', 'of globex']);
  const [children] = await both((client) => list(client, '/v1/runs?workflow=child'));
  expect(children).toHaveLength(1);
});

test('an answer reaches the question of its own tenant only', async () => {
  const workflow = { name: 'asking', nodes: { ask: { type: 'interrupt', message: 'well?' } } };
  await both((client) => client('POST', '/v1/runs', { payload: { workflow } }));
  const questions = () => both((client) => list(client, '/v1/interrupts'));
  await expect.poll(async () => (await questions()).map(({ length }) => length), PATIENCE).toEqual([1, 1]);
  const [[ofAcme], [ofGlobex]] = await questions();
  const answers = { [String(ofAcme?.['id'])]: 'forged' };
  const answer = await rig.globex('POST', `/v1/runs/${ofGlobex?.['runId']}/resume`, { payload: { answers } });
  expect(answer.statusCode).toBe(404);
  expect((await questions()).map(({ length }) => length)).toEqual([1, 1]);
});

test('a prune and a policy concern the runs of their tenant', async () => {
  await both((client) => finished(client, { workflow: inline('pruned', 1) }));
  const [runs] = await both((client) => list(client, '/v1/runs?workflow=pruned'));
  const pruned = await rig.globex('POST', '/v1/prune', { payload: { keep: 0 } });
  expect(pruned.json().runs).toBeGreaterThan(0);
  await rig.globex('PUT', '/v1/retention', { payload: { maxCount: 1 } });

  const [left, gone] = await both((client) => list(client, '/v1/runs?workflow=pruned'));
  expect(left).toEqual(runs);
  expect(gone).toEqual([]);
  expect((await both((client) => list(client, '/v1/retention'))).map(({ length }) => length)).toEqual([0, 1]);
});

test('the figures of all tenants together count what waits for each', async () => {
  // One that never beats: its lane is shown, and nothing is taken from it.
  const vitals = { slots: 1, running: 0, counter: 0, version: 'v', pid: 1, host: 'h', rssBytes: 1, health: null };
  await rig.api.rig.store.fleet.register({
    ...vitals,
    desired: 'active',
    id: 'idle',
    name: 'idle',
    lanes: ['handler:nobody'],
  });
  const nowhere = { workflow: { name: 'waits', nodes: { a: { type: 'task', uses: 'handler:nobody' } } } };
  await both((client) => client('POST', '/v1/runs', { payload: nowhere }));
  const depth = async () => (await rig.operator('GET', '/metrics')).body;
  await expect.poll(depth, PATIENCE).toContain('weft_lane_depth{lane="handler:nobody"} 2');
});
