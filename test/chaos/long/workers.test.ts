import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { recordRecovery, watchSteps } from '../recovery.ts';
import { chain, openMesh, startRuns } from '../use-mesh.ts';
import type { Mesh } from '../use-mesh.ts';
import { LENGTH, workOf } from './flood.ts';

const SOON = { timeout: 60_000, interval: 5 };
const COUNT = 8;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const begunBy = (mesh: Mesh, pid: number) => mesh.noted('began').filter((line) => line.pid === pid).length;

const gated = ({ notes, gate }: Mesh) => ({ uses: 'handler:work', with: { notes, gate: gate.file } });

async function tasksOf({ store }: Mesh, ids: readonly string[]) {
  return (await Promise.all(ids.map((id) => store.reader.tasks(id, { limit: 100, after: null })))).flat();
}

describe.skipIf(testRedisUrl() === null)('workers', () => {
  test.each([
    ['15 seconds by default', 15_000, 'F02'],
    ['3 seconds where that is asked for', 3000, 'F02 (3 s)'],
  ])('F02: that die without a word have their tasks run again within %s', async (_, deadAfterMs, fault) => {
    const mesh = await openMesh({ deadAfterMs });
    const [producer, victim] = await Promise.all([
      mesh.producer(),
      mesh.worker(`--concurrency=${COUNT}`),
      mesh.worker(`--concurrency=${COUNT}`),
    ]);
    const ids = await startRuns(producer, 2 * COUNT, chain(1, gated(mesh)));
    const running = async () => (await tasksOf(mesh, ids)).filter(({ status }) => status === 'running').length;
    await expect.poll(running, SOON).toBe(2 * COUNT);
    const next = await mesh.worker(`--concurrency=${COUNT}`);
    await victim.kill();
    const killedAt = performance.now();
    await expect.poll(() => begunBy(mesh, next.ready.pid), SOON).toBe(COUNT);
    const ms = performance.now() - killedAt;
    recordRecovery(fault, ms);
    expect(ms).toBeLessThan(deadAfterMs);
    mesh.gate.open();
    await mesh.allSucceed(ids, 1);
  });

  test('F06: that are all stopped for three times as long as they may be silent go on, and double nothing', async () => {
    const mesh = await openMesh();
    const watch = watchSteps(mesh.databaseUrl);
    const workers = await Promise.all([1, 2, 3].map(() => mesh.worker('--concurrency=8')));
    const producer = await mesh.producer();
    const ids = await startRuns(producer, 150, workOf(mesh, { ms: 60 }));
    await expect.poll(() => mesh.noted('ended').length, SOON).toBeGreaterThan(40);
    for (const worker of workers) worker.signal('SIGSTOP');
    await pause(12_000);
    for (const worker of workers) worker.signal('SIGCONT');
    recordRecovery('F06', await watch.untilNextStep());
    await mesh.allSucceed(ids, LENGTH);
    expect(Math.max(...(await tasksOf(mesh, ids)).map(({ crashes }) => crashes))).toBe(1);
  });

  test('F07: whose event loop is blocked for three times as long as they may be silent lose that task alone', async () => {
    const mesh = await openMesh();
    const [producer] = await Promise.all([
      mesh.producer(),
      mesh.worker('--concurrency=4'),
      mesh.worker('--concurrency=4'),
    ]);
    const spin = { uses: 'handler:spin', with: { notes: mesh.notes, ms: 12_000 } };
    const blocked = await startRuns(producer, 1, chain(1, spin));
    await expect.poll(() => mesh.noted('began').length, SOON).toBe(1);
    const since = performance.now();
    const others = await startRuns(producer, 40, workOf(mesh, { ms: 5 }));
    await mesh.allSucceed(blocked, 1);
    recordRecovery('F07', performance.now() - since);
    expect(performance.now() - since).toBeLessThan(12_000);
    await mesh.allSucceed(others, LENGTH);
    expect(await tasksOf(mesh, blocked)).toMatchObject([{ status: 'succeeded', attempt: 2, crashes: 1 }]);
  });

  test('F56: that are told to stop and then killed leave their tasks to others as after any death', async () => {
    const mesh = await openMesh();
    const [producer, victim] = await Promise.all([mesh.producer(), mesh.worker(`--concurrency=${COUNT}`)]);
    const ids = await startRuns(producer, 2 * COUNT, chain(1, gated(mesh)));
    await expect.poll(() => begunBy(mesh, victim.ready.pid), SOON).toBe(COUNT);
    const heir = await mesh.worker(`--concurrency=${2 * COUNT}`);
    await expect.poll(() => begunBy(mesh, heir.ready.pid), SOON).toBe(COUNT);
    victim.signal('SIGTERM');
    await pause(5000);
    await victim.kill();
    const killedAt = performance.now();
    await expect.poll(() => begunBy(mesh, heir.ready.pid), SOON).toBe(2 * COUNT);
    recordRecovery('F56', performance.now() - killedAt);
    mesh.gate.open();
    await mesh.allSucceed(ids, 1);
  });

  test('F36 F37: whose clocks are wrong, each in its own way, and then jump, change nothing', async () => {
    const mesh = await openMesh();
    const hook = new URL('./shifted-clock.ts', import.meta.url).href;
    const at = (shiftMs: number, jumpMs: number) =>
      mesh.by({
        NODE_OPTIONS: `--import=${hook}`,
        CLOCK_SHIFT_MS: String(shiftMs),
        CLOCK_JUMP_MS: String(jumpMs),
      });
    const HOUR = 3_600_000;
    const [producer, ahead, behind] = await Promise.all([
      at(300_000, -HOUR).producer(),
      at(HOUR, -2 * HOUR).worker('--concurrency=8'),
      at(-HOUR, 2 * HOUR).worker('--concurrency=8'),
    ]);
    const flaky = { uses: 'handler:flaky', with: { notes: mesh.notes }, retry: { maxAttempts: 2, initialMs: 600 } };
    const before = Date.now();
    const ids = await startRuns(producer, 40, chain(2, flaky));
    await expect.poll(() => mesh.noted('began').length, SOON).toBeGreaterThan(10);
    for (const one of [producer, ahead, behind]) one.signal('SIGUSR2');
    ids.push(...(await startRuns(producer, 40, chain(2, flaky))));
    await mesh.allSucceed(ids, 2);

    const tasks = await tasksOf(mesh, ids);
    expect(tasks.map(({ attempt, failures, crashes }) => [attempt, failures, crashes])).toEqual(
      tasks.map(() => [2, 1, 0]),
    );
    expect((await mesh.store.fleet.list()).filter(({ endedAt }) => endedAt !== null)).toEqual([]);
    for (const id of ids.slice(0, 5)) {
      const steps = await mesh.store.reader.steps(id, { afterStep: 0, limit: 100 });
      const times = steps.map((step) => step.at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times[0]).toBeGreaterThan(before - 5000);
      expect(times.at(-1)).toBeLessThan(Date.now() + 5000);
      expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1000);
    }
  });
});
