import { createMemoryBroker } from '@weft/embedded';
import type { Executor } from '@weft/engine/ports';
import { createFreezer } from '@weft/testkit';
import type { Freezer, Rig } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { flat, single } from './documents.ts';
import { untilAborted, useScene } from './use-rigs.ts';
import type { Scene } from './use-rigs.ts';

const SOON = { timeout: 3000, interval: 10 };

/** Succeeds as soon as it is let go. */
function held(): { run: Executor['run']; letGo: () => void; calls: number } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const state = { calls: 0, letGo: resolve, run };
  async function run({ attempt }: Parameters<Executor['run']>[0]) {
    state.calls += 1;
    await promise;
    return { kind: 'succeeded', output: { attempt } } as const;
  }
  return state;
}

const quick: Executor['run'] = async ({ attempt }) => ({ kind: 'succeeded', output: { by: 'other', attempt } });

const hang: Executor['run'] = async ({ signal }) => {
  await untilAborted(signal);
  return { kind: 'failed', error: { code: 'aborted', message: 'aborted', retryable: false } };
};

async function statusOf(rig: Rig, runId: string, key = 'a#0'): Promise<string | undefined> {
  return (await rig.tasks(runId))[key]?.status;
}

/** A rig whose worker can be stopped dead, and one that has no worker yet, on one database and one broker. */
async function twoRigs(scene: Scene, run: Executor['run'], deadAfterMs = 600_000) {
  const freezer: Freezer = createFreezer();
  onTestFinished(() => freezer.thaw());
  const broker = createMemoryBroker();
  const options = { broker, sweep: { intervalMs: 50, deadAfterMs } };
  const mortal = await scene.rig({
    ...options,
    slots: 1,
    executors: { work: run },
    decorate: (deps) => ({
      ...deps,
      runs: freezer.wrap(deps.runs),
      dispatch: freezer.wrap(deps.dispatch),
      fleet: freezer.wrap(deps.fleet),
      broker: freezer.wrap(deps.broker),
    }),
  });
  const heir = () => scene.rig({ ...options, slots: 1, executors: { work: quick } });
  return { mortal, heir, freezer };
}

describe('a worker', () => {
  const scenes = useScene();

  test('A6: has a slow task written as running within half a second, and a quick one never', async () => {
    const scene = scenes();
    const slow = held();
    const marked: string[] = [];
    const rig = await scene.rig({
      executors: { slow: slow.run },
      decorate: (deps) => ({
        ...deps,
        dispatch: {
          ...deps.dispatch,
          markRunning(marks) {
            marked.push(...marks.map(({ runId }) => runId));
            return deps.dispatch.markRunning(marks);
          },
        },
      }),
    });
    const startedAt = performance.now();
    const runId = await rig.start(single('slow', { uses: 'slow' }));
    await expect.poll(() => statusOf(rig, runId), { timeout: 3000, interval: 5 }).toBe('running');
    expect(performance.now() - startedAt).toBeLessThan(1000);

    const [task] = Object.values(await rig.tasks(runId));
    expect((task?.startedAt ?? 0) - (task?.readyAt ?? 0)).toBeLessThan(400);
    slow.letGo();
    expect((await rig.ended(runId)).head.status).toBe('succeeded');

    await rig.run(single('quick', { uses: 'echo' }));
    expect(new Set(marked)).toEqual(new Set([runId]));
  });

  test('A4 A5 A6: that dies without a word is missed; its task runs again, and what it still says is refused', async () => {
    const scene = scenes();
    const work = held();
    const { mortal, heir, freezer } = await twoRigs(scene, work.run, 2500);
    const runId = await mortal.start(single('orphan', { uses: 'work' }));
    await expect.poll(() => statusOf(mortal, runId), SOON).toBe('running');
    freezer.freeze();
    const other = await heir();
    const run = await other.ended(runId);

    expect(run.head.status).toBe('succeeded');
    expect((await other.tasks(runId))['a#0']).toMatchObject({ attempt: 2, crashes: 1, output: { by: 'other' } });
    expect(other.engine.sweeper.repairs).toMatchObject({ stranded: 1, deadWorkers: 1 });

    work.letGo();
    freezer.thaw();
    await expect.poll(() => mortal.engine.settler.counters.refused, SOON).toBe(1);
    expect(await other.steps(runId)).toEqual(['run_started', 'task_retried a', 'task_succeeded a', 'run_ended']);
  });

  test('A5: that comes back while its task runs elsewhere changes nothing', async () => {
    const scene = scenes();
    const [first, second] = [held(), held()];
    const { mortal, freezer } = await twoRigs(scene, first.run);
    const other = await scene.rig({ broker: mortal.broker, slots: 1, worker: false, sweep: { intervalMs: 20 } });
    const runId = await mortal.start(single('zombie', { uses: 'work' }));
    await expect.poll(() => statusOf(mortal, runId), SOON).toBe('running');
    freezer.freeze();
    await other.store.fleet.end([mortal.worker?.id ?? '']);
    await expect.poll(async () => (await other.tasks(runId))['a#0']?.attempt, SOON).toBe(2);
    const heir = await scene.rig({ broker: mortal.broker, slots: 1, executors: { work: second.run } });
    await expect.poll(() => second.calls, SOON).toBe(1);
    first.letGo();
    freezer.thaw();
    await expect.poll(() => mortal.engine.settler.counters.refused, SOON).toBe(1);
    expect(await statusOf(other, runId)).toMatch(/ready|running/);

    second.letGo();
    await heir.ended(runId);
    expect((await heir.tasks(runId))['a#0']).toMatchObject({ attempt: 2, crashes: 1, output: { attempt: 2 } });
  });

  test('A6: that was wrongly declared dead goes on under another id, and its tasks are not called poison', async () => {
    const scene = scenes();
    const rig = await scene.rig({ executors: { slow: slowly }, sweep: { intervalMs: 20 } });
    async function slowly() {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { kind: 'succeeded', output: null } as const;
    }
    await rig.store.fleet.end([rig.worker?.id ?? '']);
    const run = await rig.run(single('declared', { uses: 'slow' }));

    expect(run.head.status).toBe('succeeded');
    expect((await rig.tasks(run.head.id))['a#0']).toMatchObject({ attempt: 1, crashes: 0 });
    const alive = async () => (await rig.store.fleet.list()).filter((worker) => worker.endedAt === null).length;
    await expect.poll(alive, { timeout: 5000 }).toBe(1);
  });

  test('A4: that is lost with a task for the third time leaves it as poison', async () => {
    const scene = scenes();
    const broker = createMemoryBroker();
    const rig = await scene.rig({ worker: false, broker, sweep: { intervalMs: 600_000 } });
    const { fleet, dispatch } = rig.store;
    const runId = await rig.start(single('poison', { uses: 'work', retry: { maxAttempts: 9 } }));
    for (const worker of ['w1', 'w2', 'w3']) {
      const vitals = { running: 1, slots: 1, rssBytes: 1, lanes: ['default'], counter: 0, health: null };
      await fleet.register({ ...vitals, id: worker, name: worker, version: 'v', pid: 1, host: 'h', desired: 'active' });
      const signal = AbortSignal.timeout(3000);
      const [message] = await broker.claim({ worker, lanes: ['default'], limit: 1, signal });
      if (!message) throw new Error(`worker ${worker} got nothing`);
      await dispatch.markRunning([{ ...message, worker, startedMsAgo: 0, dueInMs: 60_000 }]);
      await fleet.end([worker]);
      await rig.engine.sweeper.sweep(); // may be a round that had begun before
      await rig.engine.sweeper.sweep();
    }

    expect((await rig.ended(runId)).error).toMatchObject({ code: 'poison' });
    expect((await rig.tasks(runId))['a#0']).toMatchObject({ status: 'failed', attempt: 3, crashes: 3, failures: 0 });
  });

  test('A6: that lives but lost a task is overruled after the deadline of the attempt', async () => {
    const scene = scenes();
    const work = held();
    const { mortal, heir, freezer } = await twoRigs(scene, work.run);
    const retry = { maxAttempts: 2, initialMs: 1 };
    const runId = await mortal.start(single('overdue', { uses: 'work', timeoutMs: 400, retry }));
    await expect.poll(() => statusOf(mortal, runId), SOON).toBe('running');
    freezer.freeze();
    const other = await heir();
    await other.ended(runId);

    expect((await other.tasks(runId))['a#0']).toMatchObject({ attempt: 2, failures: 1, crashes: 0 });
    work.letGo();
    freezer.thaw();
  });

  test('A4: that shuts down hands back what it runs, which costs neither a failure nor a crash', async () => {
    const scene = scenes();
    const broker = createMemoryBroker();
    const leaving = await scene.rig({ broker, executors: { work: hang } });
    const runId = await leaving.start(flat('handed-back', 10, { uses: 'work' }));
    await expect.poll(() => leaving.worker?.running, SOON).toBe(10);
    const startedAt = performance.now();
    await leaving.worker?.stop(0);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    const staying = await scene.rig({ broker, executors: { work: quick } });
    await staying.ended(runId);

    const tasks = Object.values(await staying.tasks(runId));
    expect(tasks.map(({ status, attempt, crashes, failures }) => ({ status, attempt, crashes, failures }))).toEqual(
      tasks.map(() => ({ status: 'succeeded', attempt: 2, crashes: 0, failures: 0 })),
    );
    expect(staying.engine.sweeper.repairs).toEqual({ offers: 0, stranded: 0, neglected: 0, deadWorkers: 0 });
  });

  test('A4: that shuts down lets end what ends within its grace', async () => {
    const scene = scenes();
    const work = held();
    const rig = await scene.rig({ executors: { work: work.run } });
    const runId = await rig.start(single('grace', { uses: 'work' }));
    await expect.poll(() => work.calls, SOON).toBe(1);
    const stopping = rig.worker?.stop(5000);
    work.letGo();
    await stopping;

    expect((await rig.ended(runId)).head.status).toBe('succeeded');
    expect((await rig.tasks(runId))['a#0']?.attempt).toBe(1);
  });

  test('A13: is told within a second that a run of 3,000 live tasks is cancelled', async () => {
    const scene = scenes();
    const aborted: number[] = [];
    const rig = await scene.rig({
      slots: 40,
      executors: {
        async work(call) {
          const outcome = await hang(call);
          aborted.push(performance.now());
          return outcome;
        },
      },
    });
    const runId = await rig.start(flat('cancelled', 3000, { uses: 'work' }));
    await expect.poll(() => rig.worker?.running, SOON).toBe(40);
    const cancelledAt = performance.now();
    await rig.engine.cancelRun({ tenant: 'default', runId, reason: 'enough' });
    expect(performance.now() - cancelledAt).toBeLessThan(1000);
    expect((await rig.ended(runId)).head).toMatchObject({ status: 'cancelled', live: 0 });
    await expect.poll(() => aborted.length, SOON).toBe(40);
    expect(Math.max(...aborted) - cancelledAt).toBeLessThan(1000);

    const page = { limit: 1, after: null, statuses: ['ready', 'running', 'waiting'] as const };
    const open = () => rig.store.reader.tasks(runId, { ...page, statuses: [...page.statuses] });
    await expect.poll(open, { timeout: 5000 }).toEqual([]);
    await expect.poll(() => rig.worker?.running, SOON).toBe(0);
  });
});
