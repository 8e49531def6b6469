/** The account adds up, whatever happens to runs: by chance, on the real database. */
import type { CostDimension, WorkflowDocument } from '@weft/contract';
import type { Executor, RunRecord } from '@weft/engine/ports';
import { createRig, createSeededRandom, createTestDatabase } from '@weft/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';

const PATIENCE = { timeout: 30_000, interval: 10 };
const NANO = 1e9;

/** Sums of amounts with nine places, as whole numbers: they are exact. */
const nano = (usd: number): bigint => BigInt(Math.round(usd * NANO));
const sumOf = (amounts: readonly { usd: number }[]): bigint => amounts.reduce((sum, { usd }) => sum + nano(usd), 0n);

test.each([11, 12, 13])(
  'over tasks, runs and the tenant, with retries, forks, late reports and deleted runs (seed %d)',
  async (seed) => {
    const random = createSeededRandom(seed);
    const pick = (most: number): number => random.below(most);
    /** From a billionth of a dollar to some dollars. */
    const amount = (): number => pick(10 ** (1 + pick(10))) / NANO;
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    let spent = 0n;
    const spend: Executor['run'] = async ({ input, attempt }) => {
      const { usd, fails } = input as { usd: number; fails: number };
      const usage = { inputTokens: pick(100), outputTokens: pick(100), usd };
      spent += nano(usd);
      if (attempt <= fails) return { kind: 'failed', error: { code: 'down', message: 'down', retryable: true }, usage };
      return { kind: 'succeeded', output: attempt, usage };
    };
    const rig = await createRig({ url: database.url, executors: { spend } });
    onTestFinished(() => rig.stop());
    const budgets = [{}, { budget: { usd: 1000 } }, { budget: { tokens: 1_000_000 } }, { budget: { usd: 1e-6 } }];

    const documentOf = (n: number): WorkflowDocument => {
      const nodes = Array.from({ length: 1 + pick(4) }, (_, index) => {
        const node = {
          type: 'task',
          uses: 'spend',
          with: { usd: amount(), fails: pick(3) },
          retry: { maxAttempts: 1 + pick(3), initialMs: 1 },
          onFailure: 'continue',
          ...(index > 0 && pick(2) === 0 && { needs: [`n${index - 1}`] }),
        } as const;
        return [`n${index}`, node];
      });
      return { name: `w${n % 3}`, nodes: Object.fromEntries(nodes), ...budgets[pick(budgets.length)] };
    };
    const runs = await Promise.all(Array.from({ length: 12 }, async (_, n) => rig.run(documentOf(n))));
    const forked = runs.filter(({ head }) => head.step > 2 && pick(2) === 0);
    for (const { head } of forked) {
      const from = { tenant: 'default', runId: head.id, step: 1 + pick(head.step - 1), workflow: null, edited: [] };
      const { runId } = await rig.engine.forkRun({ ...from, tags: null, stateOverrides: null, stateUpdates: null });
      await rig.ended(runId);
    }
    await reportLate(runs[0]);

    const everything = async (by: CostDimension[]) => {
      const filter = { tenant: 'default', from: '2000-01-01', to: '2999-01-01', workflow: null, runId: null };
      return rig.store.costs.costs(filter, by, 1000);
    };
    async function agree(): Promise<void> {
      for (const by of [['day'], ['run'], ['run', 'task'], ['workflow', 'day']] satisfies CostDimension[][]) {
        const { items, total } = await everything(by);
        expect(nano(total.usd)).toBe(spent);
        expect(sumOf(items)).toBe(spent);
      }
    }
    await agree();
    for (const { head } of runs) {
      const run = (await rig.store.reader.run('default', head.id)) as RunRecord;
      const tasks = Object.values(await rig.tasks(head.id));
      expect(sumOf(tasks.map(({ usage }) => usage))).toBe(nano(run.usage.usd));
      if (run.budget) expect(run.budget.reserved).toEqual({ usd: 0, tokens: 0 });
    }
    for (const { head } of runs.slice(0, 6)) await deleted(head.id);
    await agree();

    /** A worker that was away, and tells of an attempt that was overtaken; another tells of it once more. */
    async function reportLate(run: RunRecord | undefined): Promise<void> {
      const [task] = Object.values(await rig.tasks(run?.head.id ?? ''));
      if (!run || !task) throw new Error('there is no run');
      const usd = amount();
      const usage = { inputTokens: 1, outputTokens: 1, usd };
      const spender = {
        tenant: 'default',
        payer: run.head.payer,
        runId: run.head.id,
        taskId: task.id,
        taskKey: task.key,
      };
      const late = {
        ...spender,
        taskEpoch: task.epoch,
        runEpoch: 0,
        attempt: 0,
        usage,
        placed: null,
        keep: false,
      };
      const before = run.budget?.spent;
      await Promise.all([rig.store.budgets.settle([late]), rig.store.budgets.settle([late])]);
      await rig.store.budgets.settle([late]);
      spent += nano(usd);
      expect((await rig.store.reader.run('default', run.head.id))?.budget?.spent).toEqual(before);
    }

    async function deleted(runId: string): Promise<void> {
      await vi.waitUntil(
        () =>
          rig.engine.deleteRun('default', runId).then(
            () => true,
            () => false,
          ),
        PATIENCE,
      );
    }
  },
);
