/** The client against the real server, over connections that break. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { createClient } from '@weft/sdk';
import type { Watch } from '@weft/sdk';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { startProducer } from '../src/index.ts';
import type { Producer } from '../src/index.ts';
import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const TOKEN = 'a-long-token/with+signs=';
const PATIENCE = { timeout: 20_000, interval: 10 };
const LENGTH = 40;
const ALL_STEPS = Array.from({ length: LENGTH + 2 }, (_, i) => i + 1);

let api: ApiRig;
let producer: Producer;

beforeAll(async () => {
  api = await createApiRig();
  producer = await start(0);
});

afterAll(async () => {
  await producer.close();
  await api.stop();
});

function start(port: number): Promise<Producer> {
  return startProducer({ ...api.options, token: TOKEN, host: '127.0.0.1', port });
}

async function startChain(): Promise<string> {
  const nodes = Object.fromEntries(
    Array.from({ length: LENGTH }, (_, i) => [
      `n${i}`,
      { type: 'task', uses: 'echo', with: 'x'.repeat(4000), output: 'last', ...(i > 0 && { needs: [`n${i - 1}`] }) },
    ]),
  );
  const client = createClient({ url: producer.url, token: TOKEN });
  return (await client.runs.start({ workflow: { name: 'chain', state: { last: { type: 'string' } }, nodes } })).id;
}

/** A way to the server that breaks after so many bytes from it, and at once when told to. */
async function brittleWay(target: string, bytes: number) {
  const { port } = new URL(target);
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    const far = connect(Number(port), '127.0.0.1');
    let left = bytes;
    const cut = (): void => void [near, far].map((socket) => socket.destroy());
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', cut).on('close', cut);
    }
    near.on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => {
      near.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left < 0) setImmediate(cut);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}

function watchOf(url: string, token: string = TOKEN): { watch: Watch; states: boolean[] } {
  const states: boolean[] = [];
  const watch = createClient({ url, token }).watch({ onConnection: (connected) => states.push(connected) });
  onTestFinished(() => watch.close());
  return { watch, states };
}

describe('the log of a client that watches a run', () => {
  test('shows every step exactly once over a connection that breaks again and again', async () => {
    const id = await startChain();
    await api.rig.ended(id);
    const way = await brittleWay(producer.url, 60_000);
    const { watch } = watchOf(way.url);
    const steps: number[] = [];
    let end: unknown = null;
    watch.subscribe(
      `run:${id}`,
      {
        onEvents: (events) => steps.push(...events.map(({ step = -1 }) => step)),
        onEnd: (given) => (end = given),
      },
      { modes: ['debug'] },
    );
    await expect.poll(() => end, PATIENCE).toEqual({ step: ALL_STEPS.length, status: 'succeeded' });

    expect(steps).toEqual(ALL_STEPS);
    expect(way.connections()).toBeGreaterThan(2);
  });

  test('shows every step exactly once while its server is stopped and started', async () => {
    const server = await start(0);
    const { watch, states } = watchOf(server.url);
    const steps = new Map<string, number[]>();
    const ended: string[] = [];
    const follow = (id: string): void => {
      const log: number[] = [];
      steps.set(id, log);
      watch.subscribe(
        `run:${id}`,
        {
          onEvents: (events) => log.push(...events.flatMap(({ n, step = -1 }) => (n === undefined ? [step] : []))),
          onEnd: () => ended.push(id),
        },
        { modes: ['debug'] },
      );
    };
    follow(await startChain());
    await expect.poll(() => states, PATIENCE).toEqual([true]);
    await server.close();
    follow(await startChain());
    const again = await start(Number(new URL(server.url).port));
    onTestFinished(() => again.close());
    await expect.poll(() => ended.length, PATIENCE).toBe(2);

    expect(states).toEqual([true, false, true]);
    for (const log of steps.values()) expect(log).toEqual(ALL_STEPS);
  });
});

describe('a watch', () => {
  test('gives the items of a topic, and a new snapshot after each connection', async () => {
    const way = await brittleWay(producer.url, 4000);
    const { watch } = watchOf(way.url);
    const snapshots: unknown[][] = [];
    watch.subscribe('workers', { onSnapshot: (items) => snapshots.push(items) });
    await expect.poll(() => snapshots.length, PATIENCE).toBeGreaterThan(0);

    expect(snapshots[0]).toMatchObject([{ name: 'rig' }]);
  });

  test('says why a subscription was refused, and goes on with the others', async () => {
    const { watch } = watchOf(producer.url);
    const errors: string[] = [];
    const steps: number[] = [];
    const id = await startChain();
    watch.subscribe('run:nothing', { onError: ({ code }) => errors.push(code) });
    const stop = watch.subscribe('lanes', { onSnapshot: () => errors.push('told after its end') });
    stop();
    watch.subscribe(`run:${id}`, { onEvents: (events) => steps.push(events.length), onEnd: () => steps.push(0) });
    await expect.poll(() => steps.at(-1), PATIENCE).toBe(0);

    expect(errors).toEqual(['not_found']);
  });

  test('that is not let in tries again until it is closed', async () => {
    const { watch, states } = watchOf(producer.url, 'another-token-altogether');
    await expect.poll(() => states, PATIENCE).toEqual([false, false]);
    watch.close();
  });
});
