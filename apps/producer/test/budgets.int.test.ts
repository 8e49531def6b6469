import type { BudgetList, Costs, Problem, Run } from '@weft/contract';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { createTenantRig } from './tenant-rig.ts';
import type { Client, TenantRig } from './tenant-rig.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };

let rig: TenantRig;

beforeAll(async () => {
  rig = await createTenantRig({
    spend: async ({ input, attempt }) => {
      const { usd = 0, tokens = 0, fails = 0 } = input as { usd?: number; tokens?: number; fails?: number };
      const usage = { inputTokens: tokens, outputTokens: 2 * tokens, usd };
      if (attempt <= fails) return { kind: 'failed', error: { code: 'down', message: 'down', retryable: true }, usage };
      return { kind: 'succeeded', output: input, usage, placed: { endpoint: 'here', model: 'small', why: {} } };
    },
  });
}, 60_000);

afterAll(() => rig?.stop());

const spends = (name: string, cost: object, more: object = {}) => ({
  name,
  nodes: { a: { type: 'task', uses: 'spend', with: '${input}', cost, retry: { maxAttempts: 3, initialMs: 1 } } },
  ...more,
});

async function run(by: Client, workflow: object, input: object, more: object = {}): Promise<Run> {
  const payload = { workflow, input, ...more };
  const answer = await by('POST', '/v1/runs?wait=20s', { payload });
  if (answer.statusCode >= 400) throw new Error(answer.body);
  return answer.json<Run>();
}

const budgets = async (by: Client) => (await by('GET', '/v1/budgets')).json<BudgetList>().items;
const costs = async (by: Client, query: string) => (await by('GET', `/v1/costs?${query}`)).json<Costs>();
const put = (by: Client, payload: object) => by('PUT', '/v1/budgets', { payload });

describe('budgets', () => {
  test('the operator bounds a tenant, an admin keys and names, a member none of them', async () => {
    const member = rig.by((await rig.make({ tenant: 'acme' })).key);
    expect((await put(rig.acme, { usd: 5 })).statusCode).toBe(403);
    expect((await put(member, { name: 'team', usd: 5 })).statusCode).toBe(403);
    expect((await put(rig.acme, { name: 'team', usd: 5, period: 'month' })).statusCode).toBe(200);
    expect((await put(rig.acme, { key: rig.keys.acme.id, tokens: 100_000 })).statusCode).toBe(200);
    await rig.operator('PUT', '/v1/budgets', { payload: { usd: 50 }, headers: { 'weft-tenant': 'acme' } });

    expect((await budgets(member)).map(({ key, name, usd, tokens }) => [key, name, usd, tokens])).toEqual([
      [rig.keys.acme.id, undefined, null, 100_000],
      [undefined, 'team', 5, null],
      [undefined, undefined, 50, null],
    ]);
    expect(await budgets(rig.globex)).toEqual([]);
    expect((await rig.globex('DELETE', '/v1/budgets?name=team&period=month')).statusCode).toBe(404);
  });

  test.each([
    [{ usd: -1 }, '/usd'],
    [{ name: 'x', key: crypto.randomUUID(), usd: 1 }, '/name'],
    [{ name: 'x' }, '/usd'],
    [{ name: 'x', usd: 1, period: 'week' }, '/period'],
  ])('%j is refused with its place', async (payload, pointer) => {
    const answer = await put(rig.operator, payload);
    expect(answer.statusCode).toBe(422);
    expect(answer.json<Problem>().errors?.map((item) => item.pointer)).toContain(pointer);
  });

  test('a request may be tighter than its document and not looser', async () => {
    const document = spends('tight', { usd: 0.5 }, { budget: { usd: 1 } });
    const loose = await rig.globex('POST', '/v1/runs', {
      payload: { workflow: document, input: {}, budget: { usd: 2 } },
    });
    expect(loose.statusCode).toBe(422);
    expect(loose.json<Problem>().errors?.[0]).toMatchObject({ pointer: '/budget/usd' });
    const tight = await run(rig.globex, document, { usd: 0.5 }, { budget: { usd: 0.4 } });

    expect(tight.error?.code).toBe('budget_exceeded');
    expect(tight.budget).toMatchObject({ usd: 0.4, spent: { usd: 0, tokens: 0 } });
    expect((await run(rig.globex, document, { usd: 0.25, tokens: 3 })).budget).toMatchObject({
      usd: 1,
      spent: { usd: 0.25, tokens: 9 },
      reserved: { usd: 0, tokens: 0 },
      warnedAt: null,
    });
  });

  test('runs are charged to their key and to the budget that they name; one that is not there lets nothing begin', async () => {
    const key = await rig.make({ tenant: 'acme', role: 'admin' });
    const by = rig.by(key.key);
    await put(by, { key: key.id, tokens: 40 });
    await put(by, { name: 'small', usd: 0.3, period: 'day' });
    await vi.waitUntil(async () => {
      const ended = await run(
        by,
        spends('keyed', { tokens: 30 }),
        { tokens: 10, usd: 0.2 },
        { budget: { name: 'small' } },
      );
      return ended.error?.code === 'budget_exceeded';
    }, PATIENCE);

    const mine = await budgets(by);
    expect(mine.find((budget) => budget.key === key.id)?.spent.tokens).toBeGreaterThanOrEqual(30);
    expect(mine.find((budget) => budget.name === 'small')).toMatchObject({ period: 'day', spent: { usd: 0.2 } });
    const lost = await run(by, spends('lost', {}), {}, { budget: { name: 'nobody' } });
    expect(lost.error).toMatchObject({ code: 'budget_missing', retryable: false });
  });

  test('watchers hear when four fifths are spent and when it is used up, once each', async () => {
    const twice = {
      name: 'watched',
      budget: { usd: 1 },
      nodes: {
        a: { type: 'task', uses: 'spend', with: { usd: 0.85 }, cost: { usd: 0.9 } },
        b: { type: 'task', uses: 'spend', with: { usd: 0.2 }, cost: { usd: 0.2 }, needs: ['a'], onFailure: 'continue' },
        c: { type: 'task', uses: 'spend', with: { usd: 0.2 }, cost: { usd: 0.2 }, needs: ['b'], onFailure: 'continue' },
      },
    };
    const ended = await run(rig.globex, twice, {});
    const stream = (await rig.globex('GET', `/v1/runs/${ended.id}/events?modes=custom`)).body;

    expect(stream.match(/"type":"budget-[a-z]+"/g)).toEqual(['"type":"budget-warning"', '"type":"budget-exceeded"']);
  });
});

describe('costs', () => {
  test('what tasks, runs and tenants have spent adds up, over retries, forks and runs that are deleted', async () => {
    const { key } = await rig.make({ tenant: 'initech', role: 'admin' });
    const by = rig.by(key);
    const runs: Run[] = [];
    for (const [n, usd] of [0.1, 0.2, 0.3, 0.000_000_001].entries())
      runs.push(await run(by, spends(`w${n % 2}`, {}), { usd, tokens: n, fails: n % 3 }));
    const attempts = runs.reduce((sum, _, n) => sum + (n % 3) + 1, 0);
    const spent = 0.1 + 2 * 0.2 + 3 * 0.3 + 0.000_000_001;
    const [first] = runs as [Run];
    const fork = (await by('POST', `/v1/runs/${first.id}/fork`, { payload: { step: 1 } })).json<Run>();
    await vi.waitUntil(
      async () => (await by('GET', `/v1/runs/${fork.id}`)).json<Run>().status === 'succeeded',
      PATIENCE,
    );

    const before = await costs(by, 'groupBy=run');
    expect(before.total.usd).toBe(Number((spent + 0.1).toFixed(9)));
    expect(before.total.attempts).toBe(attempts + 1);
    for (const one of runs) expect(before.items.find((item) => item.run === one.id)?.usd).toBe(one.usage.usd);
    const [, second] = runs as [Run, Run];
    const tasks = await costs(by, `groupBy=task&run=${second.id}`);
    expect(tasks.items).toMatchObject([{ task: 'a#0', usd: 0.4, attempts: 2, inputTokens: 2, outputTokens: 4 }]);
    expect((await costs(by, 'groupBy=workflow,model')).items.map(({ workflow, model }) => [workflow, model])).toEqual(
      expect.arrayContaining([
        ['w0', 'small'],
        ['w1', null],
      ]),
    );

    await by('DELETE', `/v1/runs/${second.id}`);
    const after = await costs(by, 'groupBy=day');
    expect(after.total).toEqual(before.total);
    expect(after.items).toHaveLength(1);
    const everybody = await rig.operator('GET', '/v1/costs?groupBy=tenant');
    expect(everybody.json<Costs>().items.find(({ tenant }) => tenant === 'initech')?.usd).toBe(before.total.usd);
    expect((await by('GET', '/v1/costs?groupBy=tenant')).statusCode).toBe(403);
    expect((await costs(rig.by((await rig.make({ tenant: 'nobody' })).key), 'groupBy=day')).items).toEqual([]);
  });

  test('a fork shows what led to its beginning, and does not spend it again', async () => {
    const by = rig.by((await rig.make({ tenant: 'hooli', role: 'admin' })).key);
    const two = {
      name: 'two',
      nodes: {
        a: { type: 'task', uses: 'spend', with: { usd: 0.7 } },
        b: { type: 'task', uses: 'spend', with: { usd: 0.1 }, needs: ['a'] },
      },
    };
    const origin = await run(by, two, {});
    const fork = (await by('POST', `/v1/runs/${origin.id}/fork`, { payload: { step: 2 } })).json<Run>();
    await vi.waitUntil(
      async () => (await by('GET', `/v1/runs/${fork.id}`)).json<Run>().status === 'succeeded',
      PATIENCE,
    );

    expect((await by('GET', `/v1/runs/${fork.id}`)).json<Run>().usage.usd).toBe(0.8);
    expect((await costs(by, 'groupBy=run')).total.usd).toBe(0.9);
  });
});
