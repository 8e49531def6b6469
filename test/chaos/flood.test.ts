import { createMemoryBroker } from '@weft/embedded';
import { WINDOW } from '@weft/engine/runtime';
import type { Ack, TaskMessage } from '@weft/engine/ports';
import { createLossyBroker, createSeededRandom } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { fan, flat } from './documents.ts';
import { intercepted, openScene } from './use-rigs.ts';

const NO_REPAIRS = { offers: 0, stranded: 0, neglected: 0, deadWorkers: 0 };
const LIST = { lane: 'default', tenant: 'default', priority: 2 } as const;

describe('a flood', () => {
  test('A1: of 5,000 tasks on one list never holds more than a window in the broker, and needs no repair', async () => {
    const scene = await openScene();
    const broker = createMemoryBroker();
    let deepest = 0;
    async function publish(messages: readonly TaskMessage[], acks: readonly Ack[] = []) {
      const added = await broker.publish(messages, acks);
      deepest = Math.max(deepest, ...(await broker.depths([LIST])));
      return added;
    }
    const rig = await scene.rig({ broker: intercepted(broker, { publish }) });
    const run = await rig.run(flat('flood', 5000, { uses: 'echo' }));

    expect(run.head).toMatchObject({ status: 'succeeded', step: 5002 });
    expect(deepest).toBeGreaterThan(WINDOW / 2);
    expect(deepest).toBeLessThanOrEqual(WINDOW);
    expect(rig.engine.sweeper.repairs).toEqual(NO_REPAIRS);
  });

  test('A1: of more tasks than a window is claimed in the order in which they became ready', async () => {
    const scene = await openScene();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const started: string[] = [];
    const rig = await scene.rig({
      slots: 10,
      executors: {
        async note({ runId }) {
          started.push(runId);
          await gate;
          return { kind: 'succeeded', output: null };
        },
      },
    });
    const runs: string[] = [];
    for (let n = 0; n < 20; n++) {
      runs.push(await rig.start(flat('ordered', 100, { uses: 'note' })));
      if (n === 14) open();
    }
    await Promise.all(runs.map((runId) => rig.ended(runId)));

    const order = started.map((runId) => runs.indexOf(runId));
    const overtaken = order.filter((run, index) => run < Math.max(...order.slice(0, index)));
    expect(order).toHaveLength(2000);
    expect(rig.engine.sweeper.repairs).toEqual(NO_REPAIRS);
    expect(overtaken).toEqual([]);
  });

  test('A2: a broker that loses messages and hands out others twice costs time, and nothing else', async () => {
    const scene = await openScene();
    const random = createSeededRandom(7);
    const broker = createLossyBroker(createMemoryBroker(), { random, drop: 0.2, duplicate: 0.2 });
    const rig = await scene.rig({ broker, sweep: { staleOfferMs: 200, intervalMs: 50 } });
    const ids = await Promise.all(Array.from({ length: 20 }, () => rig.start(fan('lossy', 10, { uses: 'echo' }))));
    const runs = await Promise.all(ids.map((runId) => rig.ended(runId)));

    expect(runs.map((run) => run.head.status)).toEqual(ids.map(() => 'succeeded'));
    expect(Math.min(broker.dropped, broker.duplicated)).toBeGreaterThan(10);
    expect(rig.engine.sweeper.repairs.offers).toBeGreaterThanOrEqual(broker.dropped);
  });

  test('A2: a broker that lost everything is filled again at once, lanes that nobody serves included', async () => {
    const scene = await openScene();
    const [before, after] = [createMemoryBroker(), createMemoryBroker()];
    const broker = { current: before };
    const switched = new Proxy(before, {
      get(_, name) {
        const member: unknown = Reflect.get(broker.current, name, broker.current);
        return typeof member === 'function' ? member.bind(broker.current) : member;
      },
    });
    const sweep = { staleOfferMs: 1200, intervalMs: 20 };
    const producer = await scene.rig({ worker: false, broker: switched, sweep });
    await producer.start(flat('unserved', WINDOW + 200, { uses: 'echo', lane: 'nobody' }));
    const served = await producer.start(flat('served', 50, { uses: 'echo' }));
    broker.current = after;
    const worker = await scene.rig({ broker: after, sweep });

    expect((await worker.ended(served)).head.status).toBe('succeeded');
    const depth = async () => (await after.depths([{ ...LIST, lane: 'nobody' }]))[0];
    await expect.poll(depth, { timeout: 5000 }).toBeGreaterThanOrEqual(WINDOW);
  });
});
