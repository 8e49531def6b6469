import type { EndpointProber } from '@weft/engine/ports';
import { createRig, createTestDatabase } from '@weft/testkit';
import { endpointRecord } from '@weft/testkit/conformance/endpoint-store';
import { expect, onTestFinished, test } from 'vitest';

const SOON = { timeout: 20_000, interval: 20 };
const COUNT = 20;

test('of several processes one asks each endpoint when its time has come, and all hear what came of it', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const asked: string[] = [];
  const prober: EndpointProber = {
    async probe({ name }) {
      asked.push(name);
      return { isHealthy: name !== 'e7', detail: 'HTTP 502' };
    },
  };
  const open = () => createRig({ url: database.url, worker: false, decorate: (deps) => ({ ...deps, prober }) });
  const rigs = await Promise.all([open(), open(), open()]);
  onTestFinished(async () => {
    await Promise.all(rigs.map((rig) => rig.stop()));
  });
  const [first, , third] = rigs;
  const names = Array.from({ length: COUNT }, (_, index) => `e${index}`);
  for (const name of names) await first?.store.endpoints.create(endpointRecord({ name, health: { everyMs: 60_000 } }));

  await expect.poll(() => third?.engine.endpointBook.get('acme', 'e7')?.problem, SOON).toBe('HTTP 502');
  await expect
    .poll(() => third?.engine.endpointBook.of('acme').filter(({ isHealthy }) => isHealthy).length, SOON)
    .toBe(COUNT - 1);
  expect(asked.toSorted()).toEqual(names.toSorted());
});
