import { createMemoryBroker } from '@weft/embedded';
import { StoreError } from '@weft/engine/ports';
import { runStatement } from '@weft/testkit';
import { describe, expect, test, vi } from 'vitest';

import { fan, single } from '../documents.ts';
import { openScene } from '../use-rigs.ts';

const PATIENCE = { timeout: 300_000, interval: 100 };
const NODES = 10_000;

/** Again while the store says that it may be tried again, as a client does that is answered 503. */
async function surely<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreError) || !error.transient) throw error;
    }
  }
}

describe('runs of 10,000 nodes', () => {
  test('F49: a fan of as many is accepted for a few seconds of work, and its join fires once', async () => {
    const scene = await openScene();
    const rig = await scene.rig();
    const document = fan('wide', NODES - 2, { uses: 'echo' });
    const before = process.cpuUsage();
    const runId = await rig.start(document);
    // Of the processor, since others may have it meanwhile.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(4000);
    const run = await vi.waitUntil(async () => {
      const found = await rig.store.reader.run('default', runId);
      return found?.endedAt ? found : null;
    }, PATIENCE);

    expect(run.head).toMatchObject({ status: 'succeeded', step: NODES + 2 });
    const tasks = await rig.tasks(runId);
    expect(tasks['last#0']).toMatchObject({ attempt: 1, output: { count: String(NODES - 2) } });
    expect(Object.keys(tasks)).toHaveLength(NODES);
  });

  test('F50: a chain of as many ends, each hop in less than 15 ms', async () => {
    const scene = await openScene();
    const rig = await scene.rig();
    const nodes = Array.from({ length: NODES }, (_, n) => {
      return [`n${n}`, { type: 'task', uses: 'echo', needs: n > 0 ? [`n${n - 1}`] : [] }] as const;
    });
    const runId = await rig.start({ name: 'long', nodes: Object.fromEntries(nodes) });
    const run = await vi.waitUntil(async () => {
      const found = await rig.store.reader.run('default', runId);
      return found?.endedAt ? found : null;
    }, PATIENCE);

    expect(run.head).toMatchObject({ status: 'succeeded', step: NODES + 2 });
    const steps = await rig.store.reader.steps(runId, { afterStep: 0, limit: 2 * NODES });
    const hops = steps
      .slice(1)
      .map(({ at }, index) => at - (steps[index]?.at ?? 0))
      .toSorted((a, b) => a - b);
    expect(hops[NODES / 2]).toBeLessThan(15);
  });
});

describe('engines on one database', () => {
  test('F30: at the isolation level serializable lose and double nothing', async () => {
    const scene = await openScene();
    const { pathname } = new URL(scene.url);
    const level = `alter database ${pathname.slice(1)} set default_transaction_isolation = 'serializable'`;
    await runStatement(scene.url, level);
    const broker = createMemoryBroker();
    const rigs = [await scene.rig({ broker, slots: 10 }), await scene.rig({ broker, slots: 10 })] as const;
    const ids = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        surely(() => rigs[n % 2 ? 1 : 0].start(fan('serial', 8, { uses: 'echo' }))),
      ),
    );
    const runs = await vi.waitUntil(async () => {
      const found = await Promise.all(ids.map((id) => rigs[0].store.reader.run('default', id)));
      return found.every((run) => run?.endedAt) ? found : null;
    }, PATIENCE);

    expect(runs.map((run) => run?.head.status)).toEqual(ids.map(() => 'succeeded'));
    expect(runs.map((run) => run?.head.step)).toEqual(ids.map(() => 12));
  });

  test('F62: a cancel that races the end of its run, a thousand times, gives each run one end', async () => {
    const scene = await openScene();
    const broker = createMemoryBroker();
    const rigs = [await scene.rig({ broker, slots: 20 }), await scene.rig({ broker, slots: 20 })] as const;
    const race = async (n: number): Promise<string> => {
      const runId = await rigs[n % 2 ? 1 : 0].start(single('raced', { uses: 'echo' }));
      const cancelling = rigs[n % 3 ? 1 : 0].engine.cancelRun({ tenant: 'default', runId, reason: 'race' });
      await cancelling.catch((error: unknown) => expect(error).toMatchObject({ code: 'conflict' }));
      return runId;
    };
    const ids: string[] = [];
    for (let at = 0; at < 1000; at += 50) {
      ids.push(...(await Promise.all(Array.from({ length: 50 }, (_, n) => race(at + n)))));
    }
    const runs = await Promise.all(ids.map((id) => rigs[0].ended(id)));
    const ends = await Promise.all(ids.map((id) => rigs[0].steps(id)));

    expect(ends.filter((types) => types.filter((type) => /run_ended|cancelled/.test(type)).length !== 1)).toEqual([]);
    const statuses = new Set(runs.map(({ head }) => head.status));
    expect(statuses).toContain('cancelled');
    expect(Array.from(statuses).every((status) => ['cancelled', 'succeeded'].includes(status))).toBe(true);
  });
});
