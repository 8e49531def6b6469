import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { testRedisUrl } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { recordRecovery, watchSteps } from '../recovery.ts';
import { openMesh, startRuns } from '../use-mesh.ts';
import type { MeshProcess } from '../mesh-process.ts';
import { LENGTH, workOf } from './flood.ts';

const LIMIT = 64;
/** For how long there are none left, and what share of a core a process may use meanwhile: it has next to nothing to do. */
const WITHOUT_MS = 4000;
const MOST_SHARE = 0.6;
/** As the kernel counts the time of a process. */
const TICKS_PER_S = 100;

const limitTo = (pid: number, soft: number): void =>
  void execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${soft}:`]);

/** Seconds of processor time that it has used. */
function cpuOf({ ready }: MeshProcess): number {
  const fields = readFileSync(`/proc/${ready.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** Seconds of processor time a process uses for a second without descriptors. */
async function shareWithout(one: MeshProcess): Promise<number> {
  const before = cpuOf(one);
  await pause(WITHOUT_MS);
  return (1000 * (cpuOf(one) - before)) / WITHOUT_MS;
}

describe.skipIf(testRedisUrl() === null || process.platform !== 'linux')('a process without file descriptors', () => {
  test('F58: a producer that has none for its clients waits until it has, without spinning', async () => {
    const mesh = await openMesh();
    const [producer] = await Promise.all([mesh.through('prlimit', `--nofile=${LIMIT}`).producer(), mesh.worker()]);
    await mesh.allSucceed(await startRuns(producer, 5, workOf(mesh, {})), LENGTH);
    const { hostname, port } = new URL(producer.ready.url ?? '');
    const idle: Socket[] = Array.from({ length: 2 * LIMIT }, () =>
      connect(Number(port), hostname).on('error', () => undefined),
    );
    onTestFinished(() => idle.forEach((socket) => socket.destroy()));

    const share = await shareWithout(producer);
    expect(readdirSync(`/proc/${producer.ready.pid}/fd`).length).toBeGreaterThan(LIMIT - 5);
    idle.forEach((socket) => socket.destroy());
    await mesh.allSucceed(await startRuns(producer, 5, workOf(mesh, {})), LENGTH);
    expect(share).toBeLessThan(MOST_SHARE);
    expect(await producer.stop()).toBe(0);
  });

  test('F58: a worker that has none for commands and connections bears it, and goes on once there are some', async () => {
    const mesh = await openMesh();
    const watch = watchSteps(mesh.databaseUrl);
    const [producer, worker] = await Promise.all([mesh.producer(), mesh.worker()]);
    await mesh.allSucceed(await startRuns(producer, 5, workOf(mesh, {})), LENGTH);
    const command = {
      type: 'task',
      uses: 'process',
      with: { command: 'true' },
      retry: { maxAttempts: 20, initialMs: 500, maxMs: 500 },
    };
    // Lower than what is open: there is no new one to be had.
    limitTo(worker.ready.pid, 4);
    const ids = await startRuns(producer, 5, { name: 'commands', output: LENGTH, nodes: { one: command } });
    const share = await shareWithout(worker);
    const tasks = (await Promise.all(ids.map((id) => mesh.store.reader.tasks(id, { limit: 1, after: null })))).flat();
    expect(tasks.some(({ error, failures }) => failures > 0 && error?.code === 'command_not_started')).toBe(true);
    limitTo(worker.ready.pid, 1024);
    recordRecovery('F58', await watch.untilNextStep());
    await mesh.allSucceed(ids, LENGTH);
    expect(share).toBeLessThan(MOST_SHARE);
    expect(await worker.stop()).toBe(0);
  });
});
