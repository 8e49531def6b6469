import type { ScalingDecision, ScalingEventRecord } from '@weft/engine/ports';
import { ALL_TENANTS } from '@weft/engine/ports';
import { createTestDatabase } from '@weft/testkit';
import { expect, onTestFinished, test } from 'vitest';

import { openStore } from '../src/index.ts';
import type { PostgresStore } from '../src/index.ts';

async function openStores(): Promise<PostgresStore> {
  const database = await createTestDatabase();
  const store = openStore({ url: database.url, onError: () => undefined });
  onTestFinished(async () => {
    await store.close();
    await database.drop();
  });
  return store;
}

const figures = { demandScore: 1.5, queueDepth: 51, avgLatencyMs: 5000, healthScore: 1 };

const DECISION: ScalingDecision = {
  action: 'scale_up',
  wanted: 'scale_up',
  reason: 'demand',
  ...figures,
  heldBack: 0,
  slaMs: 5000,
  health: 'healthy',
  activeNodes: 1,
  totalNodes: 1,
  workersWanted: 2,
  recommendations: [],
};

test('emergencies are kept by tenant, and each change is a change of the registry', async () => {
  const { mesh, endpoints } = await openStores();
  const before = await endpoints.version();
  await mesh.setEmergency('acme', { reason: 'the bill' });
  await mesh.setEmergency(ALL_TENANTS, { reason: null });
  const [first] = await mesh.emergencies();
  await mesh.setEmergency('acme', { reason: 'still the bill' });

  expect(await endpoints.version()).toBe(before + 3);
  expect(first).toMatchObject({ tenant: 'acme', reason: 'the bill' });
  const kept = (await mesh.emergencies()).find(({ tenant }) => tenant === 'acme');
  expect(kept).toEqual({ ...first, reason: 'still the bill' });
  await mesh.setEmergency('acme', null);
  await mesh.setEmergency('acme', null);
  expect(await endpoints.version()).toBe(before + 4);
  expect((await mesh.emergencies()).map(({ tenant }) => tenant)).toEqual([ALL_TENANTS]);
});

test('the decision about scaling is kept with what the next one has to know', async () => {
  const { mesh } = await openStores();
  expect(await mesh.scaling()).toMatchObject({ slaMs: 5000, memory: null, decision: null, decidedAt: null });
  const memory = { wanted: 'scale_up', since: 1, changedAt: null } as const;
  await mesh.setSla(700);
  await mesh.saveScaling(DECISION, memory);
  const { now, decidedAt, ...rest } = await mesh.scaling();

  expect(rest).toEqual({ slaMs: 700, memory, decision: DECISION });
  expect(now - Number(decidedAt)).toBeLessThan(60_000);
});

test('changes are told the newest first, and a thousand of them are kept', async () => {
  const { mesh } = await openStores();
  const event = { by: 'mesh', action: 'scale_up', reason: 'demand', fromWorkers: 1, toWorkers: 2, ...figures } as const;
  for (let n = 1; n <= 1005; n += 1) await mesh.addScalingEvent({ ...event, toWorkers: n });
  const all: ScalingEventRecord[] = await mesh.scalingEvents(5000);

  expect(all.slice(0, 2).map(({ toWorkers }) => toWorkers)).toEqual([1005, 1004]);
  expect(all.length).toBeGreaterThanOrEqual(1000);
  expect(all.length).toBeLessThan(1005);
  expect(all[0]).toEqual({ ...event, toWorkers: 1005, at: expect.any(Number) });
});
