/** Deaths at one moment: between what a process has done and what it would have said or heard next. */
import type { TaskMessage, TaskView } from '@weft/engine/ports';
import { createRedisBroker, openRedis } from '@weft/redis';
import type { RedisBroker } from '@weft/redis';
import { openTcpProxy, testRedisUrl } from '@weft/testkit';
import type { TcpProxy } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { chain, openMesh, startRuns } from './use-mesh.ts';
import type { Mesh } from './use-mesh.ts';

const SOON = { timeout: 30_000, interval: 20 };
const COUNT = 10;
/** A worker that has no slot left does not go on with what its outcomes ready: that goes over the lanes. */
const FULL = `--concurrency=${COUNT}`;

async function openProxy(url: string): Promise<TcpProxy> {
  const proxy = await openTcpProxy(url);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** The lanes as any process sees them. */
async function openLanes(mesh: Mesh): Promise<RedisBroker> {
  const redis = await openRedis({ url: mesh.redis.url, onError: () => undefined });
  const broker = createRedisBroker(redis);
  onTestFinished(async () => {
    await broker.close();
    await redis.close();
  });
  return broker;
}

const gated = (mesh: Mesh, length: number, handler = 'work') => {
  return chain(length, { uses: `handler:${handler}`, with: { notes: mesh.notes, gate: mesh.gate.file } });
};

async function tasksOf({ store }: Mesh, node: string): Promise<(TaskView & { lane: string; taskId: string })[]> {
  const runs = await store.reader.runs({ tenant: 'default', limit: 1000 });
  const tasks = await Promise.all(runs.map(({ head }) => store.reader.tasks(head.id, { limit: 9, after: null })));
  const ofNode = tasks.flat().filter((task) => task.node === node);
  return ofNode.map((task) => ({ ...task, lane: 'handler:work', taskId: task.id }));
}

async function offeredNow({ store }: Mesh): Promise<TaskMessage[]> {
  return (await store.dispatch.staleOffers({ olderThanMs: 0, limit: 1000, after: null })).messages;
}

const begunTwice = (mesh: Mesh) => {
  const begun = mesh.noted('began').map(({ taskId }) => taskId);
  return begun.filter((taskId, index) => begun.indexOf(taskId) !== index);
};

const allOf = <T>(items: readonly unknown[], value: T): T[] => items.map(() => value);

describe.skipIf(testRedisUrl() === null)('a process that is killed', () => {
  test('F03: after the effects of its tasks and before their commit has them repeated under the same keys, and each counts once', async () => {
    const mesh = await openMesh();
    const database = await openProxy(mesh.databaseUrl);
    const [producer, victim] = await Promise.all([
      mesh.producer(),
      mesh.by({ DATABASE_URL: database.url }).worker('--concurrency=20'),
    ]);
    const ids = await startRuns(producer, COUNT, gated(mesh, 1, 'effect'));
    const isRunning = async () => (await tasksOf(mesh, 'n0')).filter(({ status }) => status === 'running').length;
    await expect.poll(isRunning, SOON).toBe(COUNT);
    database.holdRequests();
    mesh.gate.open();
    await expect.poll(() => mesh.noted('effect').length, SOON).toBe(COUNT);
    await victim.kill();
    expect(await mesh.countOf('succeeded')).toBe(0);
    const heir = await mesh.worker('--concurrency=20');

    await mesh.allSucceed(ids, 1);
    const keysOf = (pid: number) => {
      const effects = mesh.noted('effect').filter((line) => line.pid === pid);
      return effects.map(({ taskId }) => taskId).toSorted();
    };
    expect(new Set(keysOf(victim.ready.pid)).size).toBe(COUNT);
    expect(keysOf(heir.ready.pid)).toEqual(keysOf(victim.ready.pid));
    const tasks = await tasksOf(mesh, 'n0');
    expect(tasks.map(({ output }) => output)).toEqual(allOf(ids, { n: 1, pid: heir.ready.pid }));
    expect(tasks.map(({ attempt, crashes }) => [attempt, crashes])).toEqual(allOf(ids, [2, 1]));
  });

  test('F04: after the commit of its tasks and before Redis hears of it leaves claims that nobody takes up again', async () => {
    const mesh = await openMesh();
    const [lanes, redis] = await Promise.all([openLanes(mesh), openProxy(mesh.redis.url)]);
    const [producer, victim] = await Promise.all([mesh.producer(), mesh.by({ REDIS_URL: redis.url }).worker(FULL)]);
    const workerId = victim.ready.workerId ?? '';
    const ids = await startRuns(producer, COUNT, gated(mesh, 2));
    await expect.poll(() => mesh.noted('began').length, SOON).toBe(COUNT);
    redis.holdRequests();
    mesh.gate.open();
    const ended = async () => (await tasksOf(mesh, 'n0')).filter(({ status }) => status === 'succeeded').length;
    await expect.poll(ended, SOON).toBe(COUNT);
    await victim.kill();
    const firsts = await tasksOf(mesh, 'n0');
    const named = (messages: TaskMessage[]) => new Set(messages.map(({ taskId }) => taskId));
    expect(named(await lanes.claimed(workerId))).toEqual(new Set(firsts.map(({ id }) => id)));
    await mesh.worker('--concurrency=20');

    await mesh.allSucceed(ids, 2);
    await expect.poll(() => lanes.held(firsts), SOON).toEqual(allOf(firsts, null));
    expect(await lanes.claimed(workerId)).toEqual([]);
    expect(mesh.noted('began')).toHaveLength(2 * COUNT);
    expect(begunTwice(mesh)).toEqual([]);
    expect((await tasksOf(mesh, 'n0')).map(({ attempt }) => attempt)).toEqual(allOf(firsts, 1));
  });

  test('F10: when Redis has what it published, and it does not know yet, leaves nothing that runs twice, however often it is published', async () => {
    const mesh = await openMesh();
    const [lanes, redis] = await Promise.all([openLanes(mesh), openProxy(mesh.redis.url)]);
    const [other, victim] = await Promise.all([mesh.producer(), mesh.by({ REDIS_URL: redis.url }).producer()]);
    // A script that the server does not know yet would take two round trips.
    const fields = { notes: mesh.notes, gate: '${input.gate}' };
    const workflow = chain(1, { uses: 'handler:work', with: fields });
    const input = { gate: mesh.gate.file };
    await startRuns(other, 1, workflow, input);
    redis.holdReplies();
    const answer = startRuns(victim, COUNT - 1, workflow, input).catch(() => null);
    const list = { lane: 'handler:work', tenant: 'default', priority: 2 as const };
    await expect.poll(() => lanes.depths([list]), SOON).toEqual([COUNT]);
    await victim.kill();
    await answer;
    const offered = await offeredNow(mesh);
    expect(offered).toHaveLength(COUNT);
    expect(await lanes.publish(offered)).toBe(0);
    await mesh.worker('--concurrency=20');
    await expect.poll(() => mesh.noted('began').length, SOON).toBe(COUNT);
    expect(await lanes.publish(offered)).toBe(0);
    mesh.gate.open();
    const runs = await mesh.store.reader.runs({ tenant: 'default', limit: 100 });
    const ids = runs.map(({ head }) => head.id);
    expect(ids).toHaveLength(COUNT);
    await mesh.allSucceed(ids, 1);
    await expect.poll(() => lanes.held(offered), SOON).toEqual(allOf(offered, null));
    // Nobody holds them any more, so they are handed out once more; who claims them finds that they have ended.
    expect(await lanes.publish(offered)).toBe(COUNT);
    await expect.poll(() => lanes.held(offered), SOON).toEqual(allOf(offered, null));

    expect(mesh.noted('began')).toHaveLength(COUNT);
    expect((await tasksOf(mesh, 'n0')).map(({ attempt }) => attempt)).toEqual(allOf(ids, 1));
  });

  test('F10: when Redis has the next tasks of what it settled, and it does not know yet, leaves each to run once', async () => {
    const mesh = await openMesh();
    const [lanes, redis] = await Promise.all([openLanes(mesh), openProxy(mesh.redis.url)]);
    const [producer, victim] = await Promise.all([mesh.producer(), mesh.by({ REDIS_URL: redis.url }).worker(FULL)]);
    const ids = await startRuns(producer, COUNT, gated(mesh, 2));
    await expect.poll(() => mesh.noted('began').length, SOON).toBe(COUNT);
    redis.holdReplies();
    mesh.gate.open();
    const pushed = async () => {
      const next = await tasksOf(mesh, 'n1');
      return next.length > 0 ? (await lanes.held(next)).filter((attempt) => attempt === 1).length : 0;
    };
    await expect.poll(pushed, SOON).toBe(COUNT);
    await victim.kill();
    await mesh.worker('--concurrency=20');

    await mesh.allSucceed(ids, 2);
    expect(mesh.noted('began')).toHaveLength(2 * COUNT);
    expect(begunTwice(mesh)).toEqual([]);
  });
});
