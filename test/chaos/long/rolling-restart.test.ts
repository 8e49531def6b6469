import { setTimeout as pause } from 'node:timers/promises';

import { ApiError, ConnectionError, createClient } from '@weft/sdk';
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { chain, openMesh } from '../use-mesh.ts';
import type { Mesh, Producer } from '../use-mesh.ts';

/** The producers as a load balancer sees them: those that are being replaced stay in the list until they are gone. */
type Fleet = { producers: Producer[] };

const LENGTH = 3;
/** Between two runs of one client: the load shall take the workers' slots, and not the time of the checks after it. */
const PACE_MS = 60;
/** How long tasks take, from run to run: some are always at work when a worker is told to stop. */
const TASK_MS = [20, 60, 600];

/** Sends to one producer; refused for the time being, or cut off, it tries once more, at another one and with the same key. */
async function startOrRetryOnce(mesh: Mesh, fleet: Fleet, { key, ms }: { key: string; ms: number }): Promise<string> {
  const workflow = chain(LENGTH, { uses: 'handler:work', with: { notes: mesh.notes, ms } });
  const [first, second = first] = fleet.producers.map(({ ready }) =>
    createClient({ url: ready.url ?? '', retry: { times: 0 } }),
  );
  if (!first || !second) throw new Error('there is no producer');
  try {
    return (await first.runs.start({ workflow }, { idempotencyKey: key })).id;
  } catch (error) {
    const passes = error instanceof ConnectionError || (error instanceof ApiError && error.status === 503);
    if (!passes) throw error;
    return (await second.runs.start({ workflow }, { idempotencyKey: key })).id;
  }
}

describe.skipIf(testRedisUrl() === null)('a mesh under load', () => {
  test('F55: has all its producers and workers replaced, one after the other, and no client sees an error', async () => {
    const mesh = await openMesh({ deadAfterMs: 60_000 });
    const fleet: Fleet = { producers: await Promise.all([mesh.producer(), mesh.producer()]) };
    const workers = await Promise.all([mesh.worker('--concurrency=10'), mesh.worker('--concurrency=10')]);
    const errors: unknown[] = [];
    const ids: string[] = [];
    let isOver = false;
    const client = async (name: string): Promise<void> => {
      for (let n = 0; !isOver; n++) {
        await startOrRetryOnce(mesh, fleet, { key: `${name}-${n}`, ms: TASK_MS[n % TASK_MS.length] ?? 0 }).then(
          (id) => ids.push(id),
          (error: unknown) => errors.push(error),
        );
        await pause(PACE_MS);
      }
    };
    const load = Promise.all(['a', 'b', 'c'].map(client));
    await expect.poll(() => ids.length, { timeout: 60_000, interval: 20 }).toBeGreaterThan(20);

    const replacedMs: number[] = [];
    for (const old of workers) {
      const began = performance.now();
      await mesh.worker('--concurrency=10');
      expect(await old.stop()).toBe(0);
      replacedMs.push(performance.now() - began);
    }
    for (const old of Array.from(fleet.producers)) {
      const began = performance.now();
      fleet.producers = [old, ...fleet.producers.filter((one) => one !== old), await mesh.producer()];
      expect(await old.stop()).toBe(0);
      fleet.producers = fleet.producers.filter((one) => one !== old);
      replacedMs.push(performance.now() - began);
    }
    isOver = true;
    await load;

    expect(errors).toEqual([]);
    await mesh.allSucceed(ids, LENGTH);
    const tasks = await Promise.all(ids.map((id) => mesh.store.reader.tasks(id, { limit: 10, after: null })));
    // Nobody was missed, and nothing waited for longer than a replacement took: a silence would be noticed after a minute.
    expect(tasks.flat().every(({ crashes, failures }) => crashes === 0 && failures === 0)).toBe(true);
    const waited = tasks.flat().map(({ readyAt, startedAt }) => (startedAt ?? readyAt) - readyAt);
    expect(Math.max(...waited)).toBeLessThan(Math.max(...replacedMs));
  });
});
