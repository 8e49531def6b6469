import type { DispatchResult, Emergency, MeshMetrics, Scaling } from '@weft/contract';
import { createMemoryEndpointMeter, systemClock } from '@weft/embedded';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createTenantRig } from './tenant-rig.ts';
import type { TenantRig } from './tenant-rig.ts';

const PATIENCE = { timeout: 20_000, interval: 10 };

let rig: TenantRig;
let release = () => {};
let begun = 0;

beforeAll(async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  release = resolve;
  const hold = async () => {
    begun += 1;
    await promise;
    return { kind: 'succeeded', output: null } as const;
  };
  rig = await createTenantRig({ hold }, { meter: createMemoryEndpointMeter({ clock: systemClock }) });
});

afterAll(async () => {
  release();
  await rig.stop();
});

const emergencyOf = async (client: TenantRig['acme']) => (await client('GET', '/v1/mesh/emergency')).json<Emergency>();
const metricsOf = async (client: TenantRig['acme']) => (await client('GET', '/v1/mesh/metrics')).json<MeshMetrics>();

describe('an emergency', () => {
  test('is of one tenant, switched by its admins, and kept with its reason', async () => {
    const { key } = await rig.make({ tenant: 'acme', role: 'member' });
    const member = rig.by(key);
    const payload = { active: true, reason: 'the bill' };
    expect((await member('PUT', '/v1/mesh/emergency', { payload })).statusCode).toBe(403);
    expect((await rig.acme('PUT', '/v1/mesh/emergency', { payload })).json()).toMatchObject({
      active: true,
      reason: 'the bill',
    });
    expect(await emergencyOf(member)).toMatchObject({ active: true, everywhere: false, since: expect.any(String) });
    expect(await emergencyOf(rig.globex)).toEqual({ active: false, everywhere: false, since: null, reason: null });

    await rig.acme('PUT', '/v1/mesh/emergency', { payload: { active: false } });
    expect(await emergencyOf(member)).toMatchObject({ active: false });
  });

  test('of all tenants is the operator’s to switch, and is not over because one tenant says so', async () => {
    const payload = { active: true, everywhere: true };
    expect((await rig.acme('PUT', '/v1/mesh/emergency', { payload })).statusCode).toBe(403);
    await rig.operator('PUT', '/v1/mesh/emergency', { payload });
    await rig.acme('PUT', '/v1/mesh/emergency', { payload: { active: false } });
    expect(await emergencyOf(rig.acme)).toMatchObject({ active: true, everywhere: true });
    expect(await metricsOf(rig.globex)).toMatchObject({ emergency: true });

    await rig.operator('PUT', '/v1/mesh/emergency', { payload: { active: false, everywhere: true } });
    expect(await emergencyOf(rig.acme)).toMatchObject({ active: false });
  });
});

test('the decision about scaling is the operator’s alone', async () => {
  for (const method of ['GET', 'PUT'])
    expect((await rig.acme(method, '/v1/mesh/scaling', { payload: { slaMs: 1 } })).statusCode).toBe(403);
  const set = await rig.operator('PUT', '/v1/mesh/scaling', { payload: { slaMs: 0 } });
  expect(set.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/slaMs' }] });
  const { statusCode, ...answer } = await rig.operator('GET', '/v1/mesh/scaling');

  expect(statusCode).toBe(200);
  expect(answer.json<Scaling>()).toMatchObject({ slaMs: 5000, health: 'healthy', scaleEvents: expect.any(Array) });
});

test('tasks and figures are those of the tenant: what waits for a worker, and apart from it what waits for an endpoint', async () => {
  const nodes = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`n${n}`, { type: 'task', uses: 'hold' }]));
  await rig.acme('POST', '/v1/runs', { payload: { workflow: { name: 'held', nodes } } });
  const sent = await rig.acme('POST', '/v1/mesh/dispatch', { payload: { task: 'Do it', priority: 'High' } });
  expect(sent.statusCode).toBe(202);
  const { taskId, ...result } = sent.json<DispatchResult>();
  expect(result).toMatchObject({
    priority: 'high',
    status: 'ready',
    success: null,
    dispatchedTo: null,
    circuitState: null,
  });
  expect(sent.headers['location']).toBe(`/v1/mesh/dispatch/${taskId}`);
  await expect.poll(async () => (await metricsOf(rig.acme)).heldBack, PATIENCE).toBe(1);
  // All but those that the worker has taken.
  await expect.poll(() => begun, PATIENCE).toBeGreaterThan(0);
  await expect.poll(async () => (await metricsOf(rig.acme)).queueDepth + begun, PATIENCE).toBe(150);
  expect(await metricsOf(rig.globex)).toMatchObject({ queueDepth: 0, heldBack: 0, avgLatencyMs: 0, nodesTotal: 0 });
  expect((await rig.globex('GET', `/v1/mesh/dispatch/${taskId}`)).statusCode).toBe(404);
  expect((await rig.acme('GET', `/v1/mesh/dispatch/${taskId}`)).json()).toMatchObject({ taskId, success: null });
});
