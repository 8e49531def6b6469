import type { WorkflowDocument } from '@weft/contract';
import type { Executor, LaneList } from '@weft/engine/ports';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig } from '@weft/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';

const PATIENCE = { timeout: 30_000, interval: 5 };

const single: WorkflowDocument = { name: 'single', nodes: { work: { type: 'task', uses: 'work' } } };

type Start = { tenant: string; count: number; priority?: LaneList['priority']; name?: string };

/** One slot, which is taken: what is started now waits on its lane, and begins one by one. */
class Stage {
  readonly begun: string[] = [];
  readonly #names = new Map<string, string>();
  #end = () => {};
  #rig: Rig | null = null;

  async open(): Promise<Rig> {
    const database = await createTestDatabase();
    const run: Executor['run'] = async ({ runId }) => {
      this.begun.push(this.#names.get(runId) ?? 'unknown');
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#end = resolve;
      await promise;
      return { kind: 'succeeded', output: null };
    };
    const rig = await createRig({ url: database.url, slots: 1, executors: { work: run } });
    this.#rig = rig;
    onTestFinished(async () => {
      this.#end();
      await rig.stop();
      await database.drop();
    });
    await this.start({ tenant: 'first', count: 1 });
    await vi.waitUntil(() => this.begun.length === 1, PATIENCE);
    return rig;
  }

  async start({ tenant, count, priority = 2, name = tenant }: Start): Promise<void> {
    const rig = this.#rig;
    if (!rig) throw new Error('the stage is not open');
    const { ref } = await rig.engine.saveWorkflow({ tenant, document: single });
    const request = { workflow: ref, input: {}, config: {}, priority, tags: [], idempotency: null };
    const results = await rig.engine.startRuns(Array.from({ length: count }, () => request));
    for (const result of results) if (!(result instanceof Error)) this.#names.set(result.runId, name);
    if (tenant === 'first') return;
    const waits = async () => (await rig.broker.depths([{ lane: 'default', tenant, priority }]))[0] ?? 0;
    await vi.waitUntil(async () => (await waits()) >= count, PATIENCE);
  }

  /** Lets one after the other go, until so many have begun after the first. */
  async play(count: number): Promise<string[]> {
    for (let n = this.begun.length; n <= count; n += 1) {
      this.#end();
      await vi.waitUntil(() => this.begun.length > n, PATIENCE);
    }
    return this.begun.slice(1, count + 1);
  }
}

test('F59: a single task waits for one task of a flood, however long that is', async () => {
  const stage = new Stage();
  await stage.open();
  await stage.start({ tenant: 'flood', count: 1000 });
  await stage.start({ tenant: 'quiet', count: 1 });

  expect(await stage.play(2)).toContain('quiet');
});

test('A3: tenants are served by the shares that are set, over the whole way', async () => {
  const stage = new Stage();
  const { engine } = await stage.open();
  await engine.setTenantLimits('acme', { weight: 3, maxConcurrent: null, rate: null });
  await stage.start({ tenant: 'acme', count: 6 });
  await stage.start({ tenant: 'globex', count: 3 });

  expect((await stage.play(8)).map((name) => name.charAt(0)).join('')).toBe('aaagaaag');
});

test('A3: the more urgent comes first, over the whole way', async () => {
  const stage = new Stage();
  await stage.open();
  for (const [name, priority] of [
    ['low', 3],
    ['normal', 2],
    ['critical', 0],
    ['high', 1],
  ] as const)
    await stage.start({ tenant: 'acme', count: 1, priority, name });

  expect(await stage.play(4)).toEqual(['critical', 'high', 'normal', 'low']);
});
