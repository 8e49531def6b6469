import { openRedis } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { recordRecovery } from '../recovery.ts';
import { chain, openMesh, startRuns } from '../use-mesh.ts';
import { endedWorkers, LENGTH, openFlood, workOf } from './flood.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function openFlooded() {
  const flood = await openFlood();
  const redis = await openRedis({ url: flood.mesh.redis.url, onError: () => undefined });
  onTestFinished(() => redis.close());
  return { ...flood, redis: redis.commands };
}

describe.skipIf(testRedisUrl() === null)('a flood', () => {
  test('F14: is accepted while Redis is away for long, and moves within two seconds of its return', async () => {
    const { mesh, send, succeed, underWay, watch } = await openFlooded();
    const ids = await send(300, 40);
    await underWay();
    await mesh.redis.kill();
    for (let n = 0; n < 10; n++) {
      ids.push(...(await send(20, 1)));
      await pause(2000);
    }
    await mesh.redis.restart();
    const ms = await watch.untilNextStep();
    recordRecovery('F14', ms);
    expect(ms).toBeLessThan(2000);
    expect(await endedWorkers(mesh)).toEqual([]);
    await succeed(ids);
  });

  test('F15: outlasts a Redis that answers nobody for longer than a worker may be silent', async () => {
    const { mesh, send, succeed, underWay, watch, redis } = await openFlooded();
    const ids = await send(300, 40);
    await underWay();
    await redis.call('CLIENT', 'PAUSE', '9000', 'ALL');
    await pause(9000);
    recordRecovery('F15', await watch.untilNextStep());
    expect(await endedWorkers(mesh)).toEqual([]);
    await succeed(ids);
  });

  test('F16: loses no step, and no stream of steps one, while connections to Redis are cut every second', async () => {
    const { mesh, producer, send, succeed, redis } = await openFlooded();
    const ids = await send(300, 40);
    const [watched = ''] = await startRuns(producer, 1, chain(60, workOfOne(mesh.notes)));
    const steps: number[] = [];
    const watching = (async () => {
      for await (const { step, n } of producer.client.runs.events(watched, { modes: ['debug'] })) {
        if (n === undefined) steps.push(step ?? -1);
      }
    })();
    const times: number[] = [];
    for (let round = 0; round < 8; round++) {
      await redis.call('CLIENT', 'KILL', 'TYPE', round % 2 === 0 ? 'normal' : 'pubsub', 'SKIPME', 'yes');
      const since = performance.now();
      await pause(1000);
      times.push(performance.now() - since);
    }
    await succeed(ids);
    await watching;
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, index) => index + 1));
    expect(steps).toHaveLength(62);
  });

  test('F17: is accepted while the memory of Redis is full, and goes on when there is room', async () => {
    const { mesh, send, succeed, underWay, watch, redis } = await openFlooded();
    const ids = await send(300, 40);
    await underWay();
    await redis.config('SET', 'maxmemory', '1');
    ids.push(...(await send(50, 1)));
    await pause(15_000);
    await redis.config('SET', 'maxmemory', '0');
    const ms = await watch.untilNextStep();
    recordRecovery('F17', ms);
    expect(ms).toBeLessThan(10_000);
    expect(await endedWorkers(mesh)).toEqual([]);
    await succeed(ids);
  });

  test('F22: keys of a kind that no lane has hold up that lane, and no other, until they are gone', async () => {
    const { mesh, send, succeed, redis, producer, watch } = await openFlooded();
    await succeed(await send(1, 0));
    await redis.set('weft:{handler:work}:held', 'garbage');
    const stuck = await startRuns(producer, 20, workOf(mesh, { ms: 0 }));
    const others = await startRuns(
      producer,
      20,
      chain(LENGTH, { uses: 'handler:flaky', with: { notes: mesh.notes }, retry: { maxAttempts: 2, initialMs: 10 } }),
    );
    await mesh.allSucceed(others, LENGTH);
    expect(await endedWorkers(mesh)).toEqual([]);
    await redis.flushall();
    recordRecovery('F22', await watch.untilNextStep());
    await succeed(stuck);
  });
});

function workOfOne(notes: string) {
  return { uses: 'handler:work', with: { notes, ms: 100 } };
}

test.skipIf(testRedisUrl() === null)('F01: a worker that is killed while it waits takes nothing with it', async () => {
  const mesh = await openMesh();
  const [producer, victim] = await Promise.all([mesh.producer(), mesh.worker(), mesh.worker()]);
  await mesh.allSucceed(await startRuns(producer, 4, workOf(mesh, { ms: 0 })), LENGTH);
  await victim.kill();
  const since = performance.now();
  await mesh.allSucceed(await startRuns(producer, 4, workOf(mesh, { ms: 0 })), LENGTH);
  const ms = performance.now() - since;
  recordRecovery('F01', ms);
  expect(ms).toBeLessThan(5000);
});
