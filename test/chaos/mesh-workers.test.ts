import type { JsonObject } from '@weft/contract';
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { chain, openMesh, startRuns } from './use-mesh.ts';
import type { Mesh } from './use-mesh.ts';

const SOON = { timeout: 30_000, interval: 20 };

const work = (mesh: Mesh, more: JsonObject = {}) => {
  return { uses: 'handler:work', with: { notes: mesh.notes, ...more } };
};

async function tasksOf({ store }: Mesh, runIds: readonly string[]) {
  const tasks = await Promise.all(runIds.map((id) => store.reader.tasks(id, { limit: 1000, after: null })));
  return tasks.flat();
}

async function runningCount(mesh: Mesh, runIds: readonly string[]): Promise<number> {
  return (await statusesOf(mesh, runIds)).filter((status) => status === 'running').length;
}

async function statusesOf(mesh: Mesh, runIds: readonly string[]): Promise<string[]> {
  return (await tasksOf(mesh, runIds)).map(({ status }) => status);
}

/** Workers that have not ended, by the process they say they are. */
async function livePids({ store }: Mesh): Promise<number[]> {
  return (await store.fleet.list()).filter(({ endedAt }) => endedAt === null).map(({ pid }) => pid);
}

describe.skipIf(testRedisUrl() === null)('a worker process', () => {
  test('F02: killed in the middle of its tasks is missed, and each of them runs again elsewhere, and counts once', async () => {
    const mesh = await openMesh();
    const [producer, victim] = await Promise.all([mesh.producer(), mesh.worker('--concurrency=20')]);
    const ids = await startRuns(producer, 20, chain(2, work(mesh, { gate: mesh.gate.file })));
    await expect.poll(() => runningCount(mesh, ids), SOON).toBe(20);
    await victim.kill();
    mesh.gate.open();
    await mesh.worker('--concurrency=20');
    const since = performance.now();

    await mesh.allSucceed(ids, 2);
    expect(performance.now() - since).toBeLessThan(15_000);
    const firsts = (await tasksOf(mesh, ids)).filter(({ node }) => node === 'n0');
    expect(firsts.map(({ attempt, crashes }) => ({ attempt, crashes }))).toEqual(
      firsts.map(() => ({ attempt: 2, crashes: 1 })),
    );
  });

  test('F02: killed under a supervisor is reported at once: its tasks go on long before its silence would be noticed', async () => {
    const mesh = await openMesh({ deadAfterMs: 60_000 });
    const [producer, supervisor] = await Promise.all([
      mesh.producer(),
      mesh.worker('--processes=2', '--concurrency=4'),
    ]);
    await expect.poll(async () => (await livePids(mesh)).length, SOON).toBe(2);
    const ids = await startRuns(producer, 8, chain(1, work(mesh, { gate: mesh.gate.file })));
    await expect.poll(() => runningCount(mesh, ids), SOON).toBe(8);
    const [victim = 0] = await livePids(mesh);
    const stranded = mesh.noted('began').filter(({ pid }) => pid === victim);
    process.kill(victim, 'SIGKILL');
    const killedAt = performance.now();
    const begunAgain = () =>
      new Set(
        mesh
          .noted('began')
          .slice(ids.length)
          .map(({ taskId }) => taskId),
      );
    await expect.poll(begunAgain, { ...SOON, interval: 5 }).toEqual(new Set(stranded.map(({ taskId }) => taskId)));

    // Without the report it would take a minute.
    expect(performance.now() - killedAt).toBeLessThan(30_000);
    mesh.gate.open();
    await mesh.allSucceed(ids, 1);
    const crashed = (await tasksOf(mesh, ids)).filter(({ crashes }) => crashes > 0);
    expect(crashed.map(({ attempt, crashes }) => [attempt, crashes])).toEqual(stranded.map(() => [2, 1]));
    expect(await supervisor.stop()).toBe(0);
  });

  test('F05 F47: stopped beyond its death and then continued is refused with what it did', async () => {
    const mesh = await openMesh();
    const [producer, zombie] = await Promise.all([mesh.producer(), mesh.worker('--concurrency=4')]);
    const ids = await startRuns(producer, 4, chain(2, work(mesh, { gate: mesh.gate.file })));
    await expect.poll(() => runningCount(mesh, ids), SOON).toBe(4);
    zombie.signal('SIGSTOP');
    const heir = await mesh.worker('--concurrency=4');
    const begunBy = (pid: number) => mesh.noted('began').filter((line) => line.pid === pid).length;
    await expect.poll(() => begunBy(heir.ready.pid), SOON).toBe(4);
    // The heir is stopped before it can end its attempts: what the zombie says now is the first that is said.
    heir.signal('SIGSTOP');
    mesh.gate.open();
    zombie.signal('SIGCONT');
    const endedBy = (pid: number) => mesh.noted('ended').filter((line) => line.pid === pid).length;
    await expect.poll(() => endedBy(zombie.ready.pid), SOON).toBe(4);
    await expect.poll(() => zombie.log(), SOON).toContain('declared dead');
    // It takes new work only once it is rid of the old.
    await mesh.allSucceed(await startRuns(producer, 4, chain(1, work(mesh))), 1);
    expect(await statusesOf(mesh, ids)).not.toContain('succeeded');
    heir.signal('SIGCONT');

    await mesh.allSucceed(ids, 2);
    const firsts = (await tasksOf(mesh, ids)).filter(({ node }) => node === 'n0');
    expect(firsts.map(({ output }) => output)).toEqual(firsts.map(() => ({ n: 1, pid: heir.ready.pid })));
  });

  test('F55: told to stop under load ends what ends in its grace, hands back the rest, and nothing waits', async () => {
    const mesh = await openMesh();
    const [producer, leaving] = await Promise.all([mesh.producer(), mesh.worker('--concurrency=12', '--grace-ms=300')]);
    const slow = { uses: 'handler:obedient', with: { notes: mesh.notes, ms: 2000 } };
    const ids = await startRuns(producer, 6, chain(1, slow));
    const quick = await startRuns(producer, 60, chain(3, work(mesh, { ms: 20 })));
    await expect.poll(() => runningCount(mesh, ids), SOON).toBe(6);
    const next = await mesh.worker('--concurrency=12');
    const askedAt = performance.now();
    expect(await leaving.stop()).toBe(0);
    const stoppedMs = performance.now() - askedAt;
    await mesh.allSucceed(quick, 3);
    await expect.poll(() => mesh.countOf('succeeded'), SOON).toBe(66);

    expect(stoppedMs).toBeLessThan(2000);
    const tasks = await tasksOf(mesh, [...ids, ...quick]);
    expect(tasks.filter(({ crashes, failures }) => crashes + failures > 0)).toEqual([]);
    expect(await livePids(mesh)).toEqual([next.ready.pid]);
    // No timeout was waited for: the six took two seconds in the worker that came next, and not the bound for the dead.
    expect(performance.now() - askedAt).toBeLessThan(8000);
  });

  test('F55: told to stop ends although a handler does not care, and its task goes on elsewhere at once', async () => {
    const mesh = await openMesh({ deadAfterMs: 60_000 });
    const [producer, leaving] = await Promise.all([mesh.producer(), mesh.worker('--grace-ms=200')]);
    const ids = await startRuns(producer, 1, chain(1, work(mesh, { gate: mesh.gate.file })));
    await expect.poll(() => runningCount(mesh, ids), SOON).toBe(1);
    const [next, status] = await Promise.all([mesh.worker(), leaving.stop()]);
    expect(status).toBe(0);
    await expect.poll(() => mesh.noted('began').at(-1)?.pid, SOON).toBe(next.ready.pid);
    mesh.gate.open();

    await mesh.allSucceed(ids, 1);
    expect(await tasksOf(mesh, ids)).toMatchObject([{ attempt: 2, crashes: 0, failures: 0 }]);
  });

  test('F07: whose event loop is blocked for three seconds loses nothing and doubles nothing', async () => {
    const mesh = await openMesh();
    const [producer] = await Promise.all([
      mesh.producer(),
      mesh.worker('--concurrency=4'),
      mesh.worker('--concurrency=4'),
    ]);
    const spin = { uses: 'handler:spin', with: { notes: mesh.notes, ms: 3000 } };
    const blocked = await startRuns(producer, 1, chain(1, spin));
    await expect.poll(() => mesh.noted('began').length, SOON).toBe(1);
    const others = await startRuns(producer, 40, chain(3, work(mesh)));

    await mesh.allSucceed(others, 3);
    await expect.poll(() => mesh.countOf('succeeded'), SOON).toBe(41);
    expect(
      mesh.noted('began').filter(({ taskId }, index, all) => all.findIndex((one) => one.taskId === taskId) !== index),
    ).toEqual([]);
    expect((await tasksOf(mesh, blocked)).map(({ attempt, crashes }) => [attempt, crashes])).toEqual([[1, 0]]);
  });

  test.each([
    ['a while after it began', 700],
    ['as soon as it begins', 0],
  ])(
    'F48: that a task kills every time, %s, leaves it as poison after three crashes, and other runs go on',
    async (_, ms) => {
      const mesh = await openMesh();
      const starting = [mesh.producer(), mesh.worker('--processes=2', '--concurrency=4')] as const;
      const [producer, supervisor] = await Promise.all(starting);
      const poison = { uses: 'handler:poison', with: { notes: mesh.notes, ms }, retry: { maxAttempts: 9 } };
      const [bad = ''] = await startRuns(producer, 1, chain(1, poison));
      await expect.poll(() => mesh.noted('began').length, SOON).toBe(1);
      const ids = await startRuns(producer, 60, chain(3, work(mesh, { ms: 5 })));

      await mesh.allSucceed(ids, 3);
      await expect
        .poll(async () => (await mesh.store.reader.run('default', bad))?.error, SOON)
        .toMatchObject({ code: 'poison' });
      expect(await tasksOf(mesh, [bad])).toMatchObject([{ status: 'failed', crashes: 3, failures: 0 }]);
      expect(await supervisor.stop()).toBe(0);
    },
  );

  test('F48: that a task kills every time does not take tasks with it to their third crash that run beside it', async () => {
    const mesh = await openMesh();
    const [producer] = await Promise.all([mesh.producer(), mesh.worker('--processes=2', '--concurrency=12')]);
    const poison = { uses: 'handler:poison', with: { notes: mesh.notes, ms: 300 }, retry: { maxAttempts: 9 } };
    const [bad = ''] = await startRuns(producer, 1, chain(1, poison));
    const ids = await startRuns(producer, 12, chain(1, work(mesh, { ms: 600 })));

    await mesh.allSucceed(ids, 1);
    const run = () => mesh.store.reader.run('default', bad);
    await expect.poll(async () => (await run())?.error, SOON).toMatchObject({ code: 'poison' });
    expect((await tasksOf(mesh, ids)).some(({ crashes }) => crashes > 0)).toBe(true);
  });
});
