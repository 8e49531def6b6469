import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { chain, openMesh, startRuns } from './use-mesh.ts';
import type { Mesh } from './use-mesh.ts';

const SOON = { timeout: 60_000, interval: 20 };

const held = (mesh: Mesh) => chain(1, { uses: 'handler:work', with: { notes: mesh.notes, gate: mesh.gate.file } });

/** What running tasks say of themselves, by process. */
const begunBy = (mesh: Mesh, pid: number) => mesh.noted('began').filter((line) => line.pid === pid).length;

describe.skipIf(testRedisUrl() === null)('a worker that is told what to do', () => {
  test('when cordoned goes on with what it runs and claims nothing, which is a reason to wait, and uncordoned it claims again', async () => {
    const mesh = await openMesh();
    const [producer, worker] = await Promise.all([mesh.producer(), mesh.worker('--concurrency=4')]);
    const { workers } = producer.client;
    const id = worker.ready.workerId ?? '';
    const first = await startRuns(producer, 2, held(mesh));
    await expect.poll(() => begunBy(mesh, worker.ready.pid), SOON).toBe(2);

    expect(await workers.cordon(id)).toMatchObject({ id, status: 'cordoned' });
    await expect.poll(() => worker.log(), SOON).toContain('"desired":"cordoned"');
    const [waiting = ''] = await startRuns(producer, 1, held(mesh));
    const [task] = await mesh.store.reader.tasks(waiting, { limit: 1, after: null });
    const { reasons } = await producer.client.tasks.why(task?.id ?? '');
    expect(reasons[0]).toMatchObject({ code: 'workers_closed', message: expect.stringContaining('are cordoned') });
    mesh.gate.open();
    await mesh.allSucceed(first, 1);
    expect(begunBy(mesh, worker.ready.pid)).toBe(2);

    expect(await workers.uncordon(id)).toMatchObject({ status: 'active' });
    await mesh.allSucceed([waiting], 1);
  });

  test('when drained ends what it runs and leaves by itself, while another one takes what comes', async () => {
    const mesh = await openMesh();
    const [producer, leaving] = await Promise.all([mesh.producer(), mesh.worker('--concurrency=4')]);
    const ids = await startRuns(producer, 2, held(mesh));
    await expect.poll(() => begunBy(mesh, leaving.ready.pid), SOON).toBe(2);
    const id = leaving.ready.workerId ?? '';
    await producer.client.workers.drain(id);
    await expect.poll(() => leaving.log(), SOON).toContain('"desired":"draining"');
    const other = await mesh.worker('--concurrency=4');
    const later = await startRuns(producer, 4, held(mesh));
    await expect.poll(() => begunBy(mesh, other.ready.pid), SOON).toBe(4);

    mesh.gate.open();
    expect(await leaving.ended).toBe(0);
    await mesh.allSucceed([...ids, ...later], 1);
    expect(begunBy(mesh, leaving.ready.pid)).toBe(2);
    const again = producer.client.workers.uncordon(id);
    await expect(again).rejects.toMatchObject({ status: 409 });
    await expect(producer.client.workers.drain('nobody')).rejects.toMatchObject({ status: 404 });
  });

  test('when drained under a supervisor leaves its place empty, and the supervisor ends with the last of them', async () => {
    const mesh = await openMesh();
    const [producer, supervisor] = await Promise.all([mesh.producer(), mesh.worker('--processes=2')]);
    const live = async () => (await producer.client.workers.list()).items.filter(({ status }) => status !== 'dead');
    await expect.poll(async () => (await live()).length, SOON).toBe(2);
    for (const { id } of await live()) await producer.client.workers.drain(id);

    expect(await supervisor.ended).toBe(0);
    expect(await live()).toEqual([]);
  });

  test('A4: to stop, and then to stop once more, hands back at once what it runs', async () => {
    const mesh = await openMesh({ deadAfterMs: 60_000 });
    const [producer, leaving] = await Promise.all([
      mesh.producer(),
      mesh.worker('--concurrency=4', '--grace-ms=60000'),
    ]);
    const slow = { uses: 'handler:obedient', with: { notes: mesh.notes, ms: 60_000 } };
    const ids = await startRuns(producer, 4, chain(1, slow));
    await expect.poll(() => begunBy(mesh, leaving.ready.pid), SOON).toBe(4);
    const heir = await mesh.worker('--concurrency=4');
    const toldAt = performance.now();
    leaving.signal('SIGTERM');
    // Two signals at the same moment are one.
    await expect.poll(() => performance.now() - toldAt, SOON).toBeGreaterThan(700);
    expect(begunBy(mesh, heir.ready.pid)).toBe(0);
    leaving.signal('SIGTERM');
    await expect.poll(() => begunBy(mesh, heir.ready.pid), SOON).toBe(4);

    expect(await leaving.ended).toBe(0);
    const tasks = await Promise.all(ids.map((id) => mesh.store.reader.tasks(id, { limit: 1, after: null })));
    expect(tasks.flat().map(({ attempt, crashes, failures }) => [attempt, crashes, failures])).toEqual(
      ids.map(() => [2, 0, 0]),
    );
  });
});
