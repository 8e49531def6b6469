import { createMemoryBroker } from '@weft/embedded';
import { createWorker } from '../../src/runtime/index.ts';
import type { Settler, WorkerDeps } from '../../src/runtime/index.ts';
import { createFakeClock, taskMessage } from '@weft/testkit';
import { expect, test, vi } from 'vitest';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A worker whose store does not answer when it wants to begin something. */
async function startWorker() {
  const broker = createMemoryBroker();
  const clock = createFakeClock();
  const settle = vi.fn<Settler['settle']>(async ({ message }) => {
    if (message) await broker.publish([], [message]);
    return { applied: true, exists: true };
  });
  const deps = {
    broker,
    clock,
    settler: { settle },
    log: silent,
    graphs: { load: async () => Promise.reject(new Error('the store is away')) },
    fleet: { register: async () => undefined, beat: async () => true },
  } as Partial<Record<keyof WorkerDeps, unknown>> as WorkerDeps;
  const worker = createWorker(deps, {
    id: 'w',
    name: 'w',
    lanes: ['default'],
    slots: 1,
    version: '1',
    pid: 1,
    host: 'h',
    executors: new Map(),
    secrets: {} as never,
    rssBytes: () => 0,
  });
  await worker.start();
  return { broker, clock, settle };
}

test('A2: a task that could not be begun is handed back by a commit, after a pause', async () => {
  const message = taskMessage('t');
  const { broker, clock, settle } = await startWorker();

  await broker.publish([message]);
  await vi.waitFor(() => {
    clock.advance(500);
    expect(settle).toHaveBeenCalledTimes(1);
  });
  const event = { type: 'released', reason: 'handback', attempt: message.attempt };
  expect(settle.mock.calls[0]?.[0]).toMatchObject({ message, isHeld: true, event });
  expect(await broker.held([message])).toEqual([null]);
});
