import type { Json, WorkflowDocument } from '@weft/contract';
import { createMemoryBroker } from '@weft/embedded';
import type { BudgetKey, Executor, Payer, Spender } from '@weft/engine/ports';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, RigOptions } from '@weft/testkit';
import { Pool } from 'pg';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { openStore } from '../src/index.ts';

const PATIENCE = { timeout: 30_000, interval: 10 };
const TENANT: BudgetKey = { tenant: 'default', kind: 'tenant', subject: '', period: 'total' };

async function newDatabase() {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const pool = new Pool({ connectionString: database.url, max: 2 });
  onTestFinished(() => pool.end());
  const count = async (from: string) => Number((await pool.query(`select count(*) as n from ${from}`)).rows[0].n);
  return { url: database.url, pool, count };
}

async function openRig(options: RigOptions): Promise<Rig> {
  const rig = await createRig(options);
  onTestFinished(() => rig.stop());
  return rig;
}

/** Costs what its input says, and takes a moment. */
function spending() {
  const seen = { calls: 0, now: 0, most: 0 };
  const spend: Executor['run'] = async ({ input }) => {
    seen.calls += 1;
    seen.now += 1;
    seen.most = Math.max(seen.most, seen.now);
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 5);
    await promise;
    seen.now -= 1;
    const { usd = 0, tokens = 0 } = input as { usd?: number; tokens?: number };
    return { kind: 'succeeded', output: input, usage: { inputTokens: tokens, outputTokens: 0, usd } };
  };
  return { seen, spend };
}

type Extra = Partial<WorkflowDocument>;

const fan = (width: number, cost: object, more: Extra = {}): WorkflowDocument => ({
  name: 'fan',
  nodes: {
    each: { type: 'send', items: '${input.items}', target: 'one', concurrency: width, onItemFailure: 'continue' },
    one: { type: 'task', uses: 'spend', with: '${item}', cost },
  },
  ...more,
});

const items = (width: number, item: Json): Json => ({ items: Array.from({ length: width }, () => item) });

describe('the budget of a run', () => {
  test('a fan of 128 streams in two workers spends all of its budget and not a cent more', async () => {
    const { url, count } = await newDatabase();
    const { seen, spend } = spending();
    const shared = { url, broker: createMemoryBroker(), executors: { spend }, slots: 64 };
    const rig = await openRig(shared);
    await openRig(shared);
    const document = fan(128, { usd: 0.05 }, { budget: { usd: 1 } });
    const run = await rig.run(document, { input: items(128, { usd: 0.03 }) });

    // Reserved at 0.05 and settled at 0.03: the 33rd would still fit by what it costs, and not by what it may cost.
    expect(run.usage.usd).toBe(0.96);
    expect(seen.calls).toBe(32);
    const tasks = Object.values(await rig.tasks(run.head.id)).filter(({ node }) => node === 'one');
    expect(tasks.filter(({ status }) => status === 'succeeded')).toHaveLength(32);
    expect(tasks.filter(({ error }) => error?.code === 'budget_exceeded')).toHaveLength(96);
    const { spent, reserved, exceededAt, warnedAt } = (await rig.store.budgets.ofRun('default', run.head.id))!;
    expect({ spent, reserved }).toEqual({ spent: { usd: 0.96, tokens: 0 }, reserved: { usd: 0, tokens: 0 } });
    expect(exceededAt).not.toBeNull();
    expect(warnedAt).not.toBeNull();
    expect(await count('reservation')).toBe(0);
  });

  test('no more is under way at once than the budget has room for', async () => {
    const { url } = await newDatabase();
    const { seen, spend } = spending();
    const rig = await openRig({ url, executors: { spend }, slots: 100 });
    const document = fan(60, { tokens: 250 }, { budget: { tokens: 1000 } });
    const run = await rig.run(document, { input: items(60, { tokens: 10 }) });

    expect(seen.most).toBeLessThanOrEqual(4);
    expect(seen.calls).toBe(60);
    expect(run.head.status).toBe('succeeded');
    expect(run.usage.inputTokens).toBe(600);
  });

  test('a task that the budget has no room for fails with budget_exceeded, which is not tried again', async () => {
    const { url } = await newDatabase();
    const { seen, spend } = spending();
    const rig = await openRig({ url, executors: { spend } });
    const nodes = { a: { type: 'task', uses: 'spend', cost: { usd: 3 }, retry: { maxAttempts: 3 } } } as const;
    const run = await rig.run({ name: 'dear', budget: { usd: 2 }, nodes });

    expect(run.head.status).toBe('failed');
    expect(run.error).toMatchObject({ code: 'budget_exceeded', retryable: false });
    expect(run.error?.message).toContain('the budget of the run of 2 USD is used up: 0 USD are spent');
    expect((await rig.tasks(run.head.id))['a#0']?.attempt).toBe(1);
    expect(seen.calls).toBe(0);
  });

  test('a budget of 0 refuses at once whatever does not say that it costs nothing', async () => {
    const { url } = await newDatabase();
    const rig = await openRig({ url });
    const only = (cost?: object): WorkflowDocument => ({
      name: 'none',
      budget: { usd: 0 },
      nodes: { a: { type: 'task', uses: 'echo', ...(cost && { cost }) } },
    });

    expect((await rig.run(only())).error?.code).toBe('budget_exceeded');
    expect((await rig.run(only({ usd: 0 }))).head.status).toBe('succeeded');
  });

  test('a child counts in the budgets above it, and its node may bound it closer', async () => {
    const { url } = await newDatabase();
    const { spend } = spending();
    const rig = await openRig({ url, executors: { spend } });
    const dear = {
      type: 'task',
      uses: 'spend',
      with: { usd: 0.4 },
      cost: { usd: 0.4 },
      onFailure: 'continue',
    } as const;
    await rig.engine.saveWorkflow({
      tenant: 'default',
      document: { name: 'child', nodes: { a: dear, b: { ...dear, needs: ['a'] } } },
    });
    const parent = (budget: object, more: object = {}): WorkflowDocument => ({
      name: 'parent',
      budget,
      nodes: {
        first: { type: 'subgraph', workflow: 'child', ...more },
        second: { ...dear, needs: ['first'] },
      },
    });

    const tight = await rig.run(parent({ usd: 1 }));
    expect((await rig.store.budgets.ofRun('default', tight.head.id))?.spent.usd).toBe(0.8);
    const bounded = await rig.run(parent({ usd: 5 }, { budget: { usd: 0.5 } }));
    expect((await rig.store.budgets.ofRun('default', bounded.head.id))?.spent.usd).toBe(0.8);
    expect((await rig.store.budgets.list('default')).length).toBe(0);
  });
});

describe('the budget of a tenant', () => {
  test('runs of several workers share it, and what nobody estimates begins as long as anything is left', async () => {
    const { url } = await newDatabase();
    const { seen, spend } = spending();
    const rig = await openRig({ url, executors: { spend }, worker: false });
    await rig.store.budgets.set(TENANT, { usd: 1, tokens: null });
    const worker = await openRig({ url, broker: rig.broker, executors: { spend } });
    const document = (cost: object) => ({
      name: 'one',
      nodes: { a: { type: 'task', uses: 'spend', with: { usd: 0.3 }, ...cost } } as const,
    });
    const runs = await Promise.all(Array.from({ length: 10 }, () => rig.start(document({ cost: { usd: 0.3 } }))));
    const ended = await Promise.all(runs.map((id) => worker.ended(id)));

    expect(ended.filter(({ head }) => head.status === 'succeeded')).toHaveLength(3);
    expect((await worker.run(document({}))).head.status).toBe('succeeded');
    expect((await worker.run(document({}))).error).toMatchObject({
      code: 'budget_exceeded',
      details: { kind: 'tenant', spent: 1.2 },
    });
    expect(seen.calls).toBe(4);
  });
});

describe('reservations', () => {
  const payer: Payer = { key: null, name: 'team', runs: [], onExceeded: 'fail' };
  const spender = (n: number, attempt = 1): Spender => ({
    tenant: 'default',
    payer,
    runId: crypto.randomUUID(),
    taskId: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
    taskKey: 'a#0',
    taskEpoch: 0,
    runEpoch: 0,
    attempt,
  });
  const asks = (n: number, usd: number | null, attempt = 1) => ({
    ...spender(n, attempt),
    estimate: { usd, tokens: 0, isStated: true },
  });
  const team: BudgetKey = { tenant: 'default', kind: 'name', subject: 'team', period: 'day' };

  async function openBudget(usd: number) {
    const { url, pool } = await newDatabase();
    const store = openStore({ url, onError: () => undefined });
    onTestFinished(() => store.close());
    await store.budgets.set(team, { usd, tokens: null });
    const used = async () => {
      const [budget] = await store.budgets.list('default');
      return [budget?.spent.usd, budget?.reserved.usd];
    };
    return { budgets: store.budgets, used, pool };
  }

  test('the same attempt twice reserves once, and a later one takes the place of those before', async () => {
    const { budgets, used } = await openBudget(1);
    await budgets.reserve([asks(1, 0.6)]);
    await budgets.reserve([asks(1, 0.6)]);
    expect(await used()).toEqual([0, 0.6]);
    expect((await budgets.reserve([asks(2, 0.6)])).map(({ kind }) => kind)).toEqual(['held']);
    expect((await budgets.reserve([asks(1, 0.9, 2)])).map(({ kind }) => kind)).toEqual(['granted']);
    expect((await budgets.reserve([asks(1, 0.1)])).map(({ kind }) => kind)).toEqual(['superseded']);
    expect(await used()).toEqual([0, 0.9]);
  });

  test('what fits is decided for each in order: refused for good, held, or granted', async () => {
    const { budgets, used } = await openBudget(1);
    const answers = await budgets.reserve([asks(1, 0.7), asks(2, 0.5), asks(3, 1.5), asks(4, null), asks(5, 0.3)]);

    expect(answers.map(({ kind }) => kind)).toEqual(['granted', 'held', 'refused', 'price_missing', 'granted']);
    expect(answers[2]).toMatchObject({
      isFirst: true,
      budget: { kind: 'name', subject: 'team', limit: 1, asked: 1.5 },
    });
    expect(answers[1]).toMatchObject({ usdLeft: 0.3 });
    expect((await budgets.reserve([asks(6, 2)]))[0]).toMatchObject({ kind: 'refused', isFirst: false });
    expect(await used()).toEqual([0, 1]);
  });

  test('a run that names a budget which is not there begins nothing', async () => {
    const { budgets } = await openBudget(1);
    const lost = { ...asks(1, 0.1), payer: { ...payer, name: 'nobody' } };
    expect(await budgets.reserve([lost])).toEqual([{ kind: 'budget_missing' }]);
  });

  test('a report charges once; one that comes too late does not; four fifths are told of once', async () => {
    const { budgets, used } = await openBudget(1);
    await budgets.reserve([asks(1, 0.5), asks(2, 0.4)]);
    const report = (n: number, usd: number, attempt = 1) => ({
      ...spender(n, attempt),
      usage: { inputTokens: 10, outputTokens: 5, usd },
      placed: null,
      keep: false,
    });
    expect(await budgets.settle([report(1, 0.45)])).toEqual([[]]);
    expect(await budgets.settle([report(1, 0.45)])).toEqual([[]]);
    expect(await used()).toEqual([0.45, 0.4]);
    const [told] = await budgets.settle([report(2, 0.4)]);
    expect(told).toMatchObject([{ kind: 'name', unit: 'usd', limit: 1, spent: 0.85 }]);
    await budgets.reserve([asks(3, 0.1)]);
    expect(await budgets.settle([report(3, 0.1), report(4, 9)])).toEqual([[], []]);
    expect(await used()).toEqual([0.95, 0]);
  });

  test('a day that is over counts no more, and what was reserved in it is settled in the new one', async () => {
    const { budgets, used, pool } = await openBudget(1);
    await budgets.reserve([asks(1, 0.4), asks(2, 0.5)]);
    const usage = { inputTokens: 0, outputTokens: 0, usd: 0.5 };
    await budgets.settle([{ ...spender(2), usage, placed: null, keep: false }]);
    await pool.query(`update budget set period_start = period_start - interval '1 day'`);
    expect(await used()).toEqual([0, 0.4]);
    await budgets.settle([{ ...spender(1), usage, placed: null, keep: false }]);
    expect(await used()).toEqual([0.5, 0]);
  });

  test('what nobody will settle is swept up, and 40 processes at once leave nothing out of joint', async () => {
    const { budgets, used } = await openBudget(10);
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        await budgets.reserve([asks(n * 2, 0.2), asks(n * 2 + 1, 0.2)]);
        await budgets.sweep(3);
      }),
    );
    await vi.waitUntil(async () => (await budgets.sweep(100)) === 0, PATIENCE);
    expect(await used()).toEqual([0, 0]);
  });
});

describe('a budget that people may raise', () => {
  const asking = (more: Extra = {}): WorkflowDocument => ({
    name: 'asking',
    budget: { usd: 1, onExceeded: 'interrupt' },
    nodes: {
      a: { type: 'task', uses: 'spend', with: { usd: 0.9 }, cost: { usd: 0.9 } },
      b: { type: 'task', uses: 'spend', with: { usd: 0.6 }, cost: { usd: 0.6 }, needs: ['a'] },
    },
    ...more,
  });

  async function asked(document = asking()) {
    const { url } = await newDatabase();
    const { seen, spend } = spending();
    const rig = await openRig({ url, executors: { spend } });
    const id = await rig.start(document);
    const run = () => rig.store.reader.run('default', id);
    await vi.waitUntil(async () => (await run())?.head.status === 'interrupted', PATIENCE);
    const question = async () => {
      const [task] = await rig.store.reader.waiting(id, { waits: ['answer'], limit: 1 });
      return task?.detail?.kind === 'question' ? task.detail : null;
    };
    const answer = async (value: Json) => {
      const answers = { [(await question())?.id ?? '']: value };
      return rig.engine.resumeRun({ tenant: 'default', runId: id, answers, stateUpdates: null, by: null });
    };
    return { rig, id, seen, question, answer };
  }

  test('asks, and the task goes on once it is', async () => {
    const { rig, id, seen, question, answer } = await asked();
    expect((await question())?.message).toContain('is used up: 0.9 USD are spent');
    await expect(answer('gladly')).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(answer({ usd: -1 })).rejects.toMatchObject({ code: 'invalid_input' });
    await answer({ usd: 0.5 });
    const run = await rig.ended(id);

    expect(run.head.status).toBe('succeeded');
    expect(run.budget).toMatchObject({ usd: 1.5, spent: { usd: 1.5 } });
    expect(seen.calls).toBe(2);
    expect(await rig.steps(id)).toEqual(expect.arrayContaining(['task_continued b', 'answered b', 'task_succeeded b']));
  });

  test('asks again where that is not enough, and fails where the answer is no', async () => {
    const { rig, id, question, answer } = await asked();
    const first = (await question())?.id;
    await answer({ usd: 0.1 });
    await vi.waitUntil(async () => ![first, undefined].includes((await question())?.id), PATIENCE);
    await answer(false);

    expect((await rig.ended(id)).error).toMatchObject({
      code: 'budget_exceeded',
      message: expect.stringContaining('not raised'),
    });
  });

  test('is asked for again by a fork only where its own is used up', async () => {
    const { rig, id } = await asked();
    const fork = { step: null, workflow: null, edited: [], tags: null, stateOverrides: null, stateUpdates: null };
    const { runId } = await rig.engine.forkRun({ tenant: 'default', runId: id, ...fork });
    const run = await rig.ended(runId);

    expect([run.head.status, run.budget?.usd, run.budget?.spent.usd]).toEqual(['succeeded', 1, 0.6]);
    await rig.engine.cancelRun({ tenant: 'default', runId: id, reason: 'enough' });
    await rig.engine.rerunRun({ tenant: 'default', runId: id, workflow: null, input: null, config: null, tags: null });
  });

  test('of a tenant is not for an answer to raise', async () => {
    const { rig, id, answer } = await (async () => {
      const { url } = await newDatabase();
      const { spend } = spending();
      const setting = await openRig({ url, executors: { spend }, worker: false });
      await setting.store.budgets.set(TENANT, { usd: 1, tokens: null });
      const working = await openRig({ url, broker: setting.broker, executors: { spend } });
      const runId = await working.start(asking({ budget: { onExceeded: 'interrupt' } }));
      const open = async () => (await working.store.reader.waiting(runId, { waits: ['answer'], limit: 1 }))[0]?.detail;
      await vi.waitUntil(async () => (await open())?.kind === 'question', PATIENCE);
      const give = async (value: Json) => {
        const detail = await open();
        const answers = { [detail?.kind === 'question' ? detail.id : '']: value };
        return working.engine.resumeRun({ tenant: 'default', runId, answers, stateUpdates: null, by: null });
      };
      return { rig: working, id: runId, answer: give };
    })();
    await expect(answer({ usd: 1 })).rejects.toMatchObject({ code: 'invalid_input' });
    await rig.engine.setBudget(TENANT, { usd: 3, tokens: null });
    await answer(true);

    expect((await rig.ended(id)).head.status).toBe('succeeded');
  });
});
