import type { FleetStore } from '@weft/engine/ports';
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
    ...parts,
  };
}

/** What every FleetStore promises (rule A6). */
export function fleetStoreConformance(name: string, open: OpenStores): void {
  describe(`the fleet store ${name}`, () => {
    const stores = openStoresOnce(open);
    const find = async (id: string) => (await stores().fleet.list()).find((worker) => worker.id === id);
    const beatOf = ({ id, lanes }: NewWorker) => ({ id, counter: 7, running: 3, rssBytes: 9, lanes, slots: 8 });

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

      expect(await fleet.beat(beatOf(worker))).toBe(true);
      const after = await find(worker.id);
      expect(after).toMatchObject({ counter: 7, running: 3, rssBytes: 9, slots: 8 });
      expect(after?.beatAt).toBeGreaterThan(before);
    });

    test('A6: a worker that was declared ended is told so by its beat', async () => {
      const { fleet } = stores();
      const [dead, alive] = [workerRecord(), workerRecord()];
      await fleet.register(dead);
      await fleet.register(alive);
      await fleet.end([dead.id, 'unknown']);

      expect(await fleet.beat(beatOf(dead))).toBe(false);
      expect(await fleet.beat(beatOf(alive))).toBe(true);
      expect(await fleet.beat({ ...beatOf(alive), id: 'unknown' })).toBe(false);
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
