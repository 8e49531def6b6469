import type { FleetStore, WorkerHealth } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import type { OpenStores } from './opened-stores.ts';
import { openStoresOnce } from './opened-stores.ts';
import { unique } from './store-records.ts';

type NewWorker = Parameters<FleetStore['register']>[0];

export function workerRecord(parts: Partial<NewWorker> = {}): NewWorker {
  return {
    id: unique('worker'),
    name: 'name "of" {a} worker\\',
    lanes: ['default', 'with "quotes", {braces} and \\', 'NULL'],
    slots: 5,
    running: 1,
    counter: 0,
    version: '1.2.3',
    pid: 42,
    host: 'host',
    rssBytes: 5_000_000_000,
    health: null,
    desired: 'active',
    ...parts,
  };
}

const HEALTH: WorkerHealth = {
  heapBytes: 1,
  memoryBytes: 5_000_000_000,
  limitBytes: 6_000_000_000,
  lagMs: 1.5,
  zone: 'orange',
  healthScore: 0.167,
  slotsEffective: 0,
  rates: [{ lane: 'a "lane"', tenant: 'default', perSecond: 0.5 }],
};

/** What every FleetStore promises (rule A6). */
export function fleetStoreConformance(name: string, open: OpenStores): void {
  describe(`the fleet store ${name}`, () => {
    const stores = openStoresOnce(open);
    const find = async (id: string) => (await stores().fleet.list()).find((worker) => worker.id === id);
    const beatOf = ({ id, lanes }: NewWorker) => {
      return { id, counter: 7, running: 3, rssBytes: 9, lanes, slots: 8, health: HEALTH };
    };

    test('a registered worker is listed as it is', async () => {
      const worker = workerRecord();
      await stores().fleet.register(worker);

      const listed = await find(worker.id);
      expect(listed).toMatchObject({ ...worker, endedAt: null });
      expect(listed?.beatAt).toBe(listed?.startedAt);
    });

    test('registering twice is registering once', async () => {
      const worker = workerRecord();
      await stores().fleet.register(worker);
      await stores().fleet.register({ ...worker, counter: 5 });

      expect((await find(worker.id))?.counter).toBe(0);
    });

    test('a beat says what has changed', async () => {
      const { fleet, elapse } = stores();
      const worker = workerRecord();
      await fleet.register(worker);
      await elapse(60_000);
      const before = (await find(worker.id))?.beatAt ?? Number.POSITIVE_INFINITY;

      expect(await fleet.beat(beatOf(worker))).toBe('active');
      const after = await find(worker.id);
      expect(after).toMatchObject({ counter: 7, running: 3, rssBytes: 9, slots: 8, health: HEALTH });
      expect(after?.beatAt).toBeGreaterThan(before);
    });

    test('A6: a worker that was declared ended is told so by its beat', async () => {
      const { fleet } = stores();
      const [dead, alive] = [workerRecord(), workerRecord()];
      await fleet.register(dead);
      await fleet.register(alive);
      await fleet.end([dead.id, 'unknown']);

      expect(await fleet.beat(beatOf(dead))).toBe(null);
      expect(await fleet.beat(beatOf(alive))).toBe('active');
      expect(await fleet.beat({ ...beatOf(alive), id: 'unknown' })).toBe(null);
    });

    test('a worker hears with its beat what somebody wants it to do, also after it has registered anew', async () => {
      const { fleet } = stores();
      const worker = workerRecord({ desired: 'cordoned' });
      await fleet.register(worker);
      expect(await fleet.beat(beatOf(worker))).toBe('cordoned');

      expect(await fleet.want(worker.id, 'draining')).toMatchObject({ id: worker.id, desired: 'draining' });
      expect(await fleet.beat(beatOf(worker))).toBe('draining');
      expect(await fleet.want('unknown', 'draining')).toBe(null);
    });

    test('of a worker that has ended nothing is wanted any more', async () => {
      const { fleet } = stores();
      const worker = workerRecord();
      await fleet.register(worker);
      await fleet.end([worker.id]);

      expect(await fleet.want(worker.id, 'cordoned')).toMatchObject({ desired: 'active', endedAt: expect.any(Number) });
    });

    test('A6: a worker that has ended stays ended, since the first time', async () => {
      const { fleet } = stores();
      const worker = workerRecord();
      await fleet.register(worker);
      await fleet.end([worker.id]);
      const ended = (await find(worker.id))?.endedAt;
      await fleet.end([worker.id]);
      await fleet.register(worker);

      expect(ended).toBeGreaterThan(0);
      expect(await find(worker.id)).toMatchObject({ endedAt: ended, running: 0 });
    });

    test('a worker that has ended is listed for an hour', async () => {
      const { fleet, elapse } = stores();
      const worker = workerRecord();
      await fleet.register(worker);
      await fleet.end([worker.id]);
      await elapse(3_500_000);
      expect(await find(worker.id)).toBeDefined();

      await elapse(200_000);
      expect(await find(worker.id)).toBeUndefined();
    });
  });
}
