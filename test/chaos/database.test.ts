import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@weft/embedded';
import type { Executor } from '@weft/engine/ports';
import { migrate } from '@weft/postgres';
import { createRig, createSeededRandom, runStatement, startPostgresProxy, verifyDatabase } from '@weft/testkit';
import type { Rig } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { fan } from './documents.ts';
import { openScene } from './use-rigs.ts';

const END_OTHERS = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;

/** Calls `work` so often, with a pause before each time. */
async function shake(times: number, everyMs: number, work: () => Promise<void> | void): Promise<void> {
  for (let n = 0; n < times; n++) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    await work();
  }
}

/** Starts runs with keys, as a client does: what is answered "unavailable" is sent again, and gives the same run. */
async function startSurely(rig: Rig, count: number): Promise<string[]> {
  const { ref } = await retried(() =>
    rig.engine.saveWorkflow({ tenant: 'default', document: fan('shaken', 6, { uses: 'work' }) }),
  );
  const request = { workflow: ref, input: {}, config: {}, priority: null, tags: [] };
  const started = Array.from({ length: count }, async (_, n) =>
    retried(async () => {
      const [result] = await rig.engine.startRuns([{ ...request, idempotency: { key: `k${n}`, payloadHash: 'p' } }]);
      if (!result || result instanceof Error) throw result ?? new Error('no result');
      return result.runId;
    }),
  );
  return Promise.all(started);
}

async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries > 100 || !(error instanceof Error) || !('code' in error) || !/unavailable/.test(String(error.code)))
        throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Counts how often each attempt of each task ran. */
function counting() {
  const calls = new Map<string, number>();
  const work: Executor['run'] = async ({ taskId, attempt }) => {
    calls.set(`${taskId} ${attempt}`, (calls.get(`${taskId} ${attempt}`) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { kind: 'succeeded', output: null };
  };
  return { work, calls };
}

async function expectAllSucceeded(rig: Rig, ids: string[]): Promise<void> {
  expect(new Set(ids).size).toBe(ids.length);
  const runs = await Promise.all(ids.map((runId) => rig.ended(runId)));
  expect(runs.map((run) => run.head.status)).toEqual(ids.map(() => 'succeeded'));
  const lasts = await Promise.all(ids.map(async (runId) => (await rig.tasks(runId))['last#0']?.output));
  expect(lasts).toEqual(ids.map(() => ({ count: '6' })));
}

async function throughProxy() {
  const scene = await openScene();
  const proxy = await scene.proxy();
  const { work, calls } = counting();
  const sweep = { intervalMs: 50, staleOfferMs: 500 };
  const rig = await scene.rig({ url: proxy.url, slots: 20, executors: { work }, sweep });
  const direct = await scene.rig({ worker: false, sweep: { intervalMs: 600_000 } });
  return { proxy, rig, direct, calls };
}

describe('a flood of runs', () => {
  test('A11 F35: loses and doubles nothing when the answers of commits are lost', async () => {
    const { proxy, rig, direct, calls } = await throughProxy();
    const random = createSeededRandom(3);
    proxy.loseCommits(() => random.chance(0.3));
    const ids = await startSurely(rig, 60);
    await expectAllSucceeded(direct, ids);

    expect(proxy.lost).toBeGreaterThan(10);
    expect([...calls.values()].every((times) => times === 1)).toBe(true);
    expect(await direct.store.reader.runs({ tenant: 'default', limit: 1000 })).toHaveLength(60);
  });

  test('A11: loses nothing when connections are cut at any moment', async () => {
    const { proxy, rig, direct } = await throughProxy();
    const [ids] = await Promise.all([startSurely(rig, 60), shake(15, 60, () => proxy.cut())]);
    await expectAllSucceeded(direct, ids);
  });

  test('A11 F26: loses nothing when the server ends sessions', async () => {
    const scene = await openScene();
    const { work } = counting();
    const rig = await scene.rig({ slots: 20, executors: { work }, sweep: { intervalMs: 50, staleOfferMs: 500 } });
    const endSessions = () => runStatement(scene.url, END_OTHERS);
    const [ids] = await Promise.all([startSurely(rig, 60), shake(15, 60, endSessions)]);
    await expectAllSucceeded(rig, ids);
  });

  test('A11: goes on after Postgres was restarted in the middle of it', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'weft-restart-'));
    chmodSync(dataDir, 0o755);
    const settings = { fsync: 'off' };
    let postgres = await startPostgres({ dataDir, settings });
    await migrate(postgres.url);
    const proxy = await startPostgresProxy(postgres.url);
    const { work } = counting();
    const sweep = { intervalMs: 50, staleOfferMs: 500 };
    const rig = await createRig({ url: proxy.url, slots: 5, executors: { work }, sweep });
    onTestFinished(async () => {
      await rig.stop();
      await proxy.stop();
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    });

    const starting = startSurely(rig, 60);
    await expect.poll(() => rig.engine.settler.counters.settled, { timeout: 5000 }).toBeGreaterThan(50);
    await postgres.stop();
    postgres = await startPostgres({ dataDir, settings });
    proxy.retarget(postgres.url);
    await expectAllSucceeded(rig, await starting);
    await verifyDatabase(postgres.url);
  });
});
