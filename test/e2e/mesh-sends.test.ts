import type { Json } from '@weft/contract';
import { testRedisUrl } from '@weft/testkit';
import { expect, test } from 'vitest';

import { openMesh, startRuns } from '../chaos/use-mesh.ts';

const SOON = { timeout: 90_000, interval: 200 };
const ITEMS = Array.from({ length: 1100 }, (_, index) => index);

test.skipIf(testRedisUrl() === null)(
  'a send of 1,100 items comes to its end in order, although a worker is killed in its middle, as does a send of child runs',
  async () => {
    const mesh = await openMesh();
    const [producer, victim] = await Promise.all([mesh.producer(), mesh.worker(), mesh.worker()]);
    const { client } = producer;
    await client.workflows.save({
      name: 'child',
      nodes: { twice: { type: 'task', uses: 'echo', with: { n: '${input.n}' } } },
    });
    const send = (target: Json) => ({
      name: 'send',
      state: { n: { type: 'number', reducer: 'add', default: 0 } },
      nodes: { each: { type: 'send', items: '${input.items}', target: 'one', concurrency: 100 }, one: target },
      output: { all: '${each}', n: '${state.n}' },
    });
    const outputMapping = { n: 'n' };
    const task = send({ type: 'task', uses: 'echo', with: { n: 1, item: '${item}' }, outputMapping });
    const child = send({ type: 'subgraph', workflow: 'child', input: { n: '${item}' }, outputMapping });
    const [many = ''] = await startRuns(producer, 1, task, { items: ITEMS });
    const [children = ''] = await startRuns(producer, 1, child, { items: ITEMS.slice(0, 50) });
    await expect.poll(async () => (await client.runs.get(many)).step, SOON).toBeGreaterThan(200);
    await victim.kill();

    const outputOf = async (id: string) => (await client.runs.get(id)).output;
    await expect.poll(() => outputOf(many), SOON).toEqual({ all: ITEMS.map((item) => ({ n: 1, item })), n: 1100 });
    const all = ITEMS.slice(0, 50).map((n) => ({ n }));
    await expect.poll(() => outputOf(children), SOON).toEqual({ all, n: (50 * 49) / 2 });
  },
);
