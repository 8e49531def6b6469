/** Budgets, while the workers that spend them die. */
import { testRedisUrl } from '@weft/testkit';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';

import { openMesh } from '../use-mesh.ts';

const PATIENCE = { timeout: 60_000, interval: 50 };
/** Each may cost 20 cents and costs 10; half of them die with their worker the first time. */
const TASKS = 24;
const LIMIT = 2;

describe.skipIf(testRedisUrl() === null)('budgets', () => {
  test('a worker that is killed in the middle of its calls lets nothing overshoot, and nothing stays reserved', async () => {
    const mesh = await openMesh();
    const [producer, victim] = await Promise.all([mesh.producer(), mesh.worker()]);
    const { client } = producer;
    await client.budgets.set({ name: 'team', usd: LIMIT, period: 'month' });
    const run = await client.runs.start({
      workflow: {
        name: 'costly',
        budget: { usd: LIMIT, name: 'team' },
        nodes: {
          all: { type: 'send', items: '${input.items}', target: 'one', onItemFailure: 'continue', concurrency: TASKS },
          one: {
            type: 'task',
            uses: 'handler:costly',
            with: { notes: mesh.notes, gate: mesh.gate.file },
            cost: { usd: 0.2 },
          },
        },
      },
      input: { items: Array.from({ length: TASKS }, (_, n) => n) },
    });
    await expect.poll(() => mesh.noted('began').length, PATIENCE).toBe(LIMIT / 0.2);
    const used = async () =>
      (await client.budgets.list()).items.map(({ spent, reserved }) => [spent.usd, reserved.usd]);
    expect(await used()).toEqual([[0, LIMIT]]);

    await victim.kill();
    await mesh.worker();
    // The heirs take the places of the dead: never is more reserved than there is.
    await expect.poll(() => mesh.noted('began').length, PATIENCE).toBeGreaterThanOrEqual((2 * LIMIT) / 0.2);
    mesh.gate.open();
    const over = async () => (await client.runs.get(run.id)).status;
    await expect.poll(over, PATIENCE).toBe('succeeded');

    const ended = await client.runs.get(run.id);
    // The last 20 cents cannot be spent in full: what may cost 20 is refused once less than that is left.
    expect(ended.usage.usd).toBeGreaterThanOrEqual(LIMIT - 0.2);
    expect(ended.usage.usd).toBeLessThanOrEqual(LIMIT);
    expect(ended.budget).toMatchObject({ spent: { usd: ended.usage.usd }, reserved: { usd: 0, tokens: 0 } });
    await expect.poll(used, PATIENCE).toEqual([[ended.usage.usd, 0]]);
    expect((await client.costs({ groupBy: ['run'] })).total.usd).toBe(ended.usage.usd);
    expect(await reservations(mesh.databaseUrl)).toBe(0);
  });

  test('what a killed worker has reserved is free again without another attempt of its task', async () => {
    const mesh = await openMesh();
    const [producer, victim] = await Promise.all([mesh.producer(), mesh.worker()]);
    const node = { type: 'task', uses: 'handler:costly', with: { notes: mesh.notes, gate: mesh.gate.file } } as const;
    const run = await producer.client.runs.start({
      workflow: {
        name: 'once',
        budget: { usd: 1 },
        nodes: { a: { ...node, cost: { usd: 0.5 }, retry: { onCrash: 'fail' } } },
      },
      input: {},
    });
    await expect.poll(() => mesh.noted('began').length, PATIENCE).toBe(1);
    expect(await reservations(mesh.databaseUrl)).toBe(1);
    await victim.kill();

    await expect.poll(async () => (await producer.client.runs.get(run.id)).status, PATIENCE).toBe('failed');
    await expect.poll(() => reservations(mesh.databaseUrl), PATIENCE).toBe(0);
    expect((await producer.client.runs.get(run.id)).budget).toMatchObject({ spent: { usd: 0 }, reserved: { usd: 0 } });
  });
});

async function reservations(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: string }>('select count(*) as n from reservation');
    return Number(rows[0]?.n);
  } finally {
    await client.end();
  }
}
