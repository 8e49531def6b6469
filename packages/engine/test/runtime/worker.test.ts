import { createMemoryBroker } from '@weft/embedded';
import type { Broker, ClaimRequest } from '../../src/ports/index.ts';
import { createWorker } from '../../src/runtime/index.ts';
import type { WorkerDeps } from '../../src/runtime/index.ts';
import { createFakeClock, taskMessage } from '@weft/testkit';
import { expect, test, vi } from 'vitest';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A worker whose store does not answer. */
async function startWorker(overrides: Partial<Broker>, desired: 'active' | 'cordoned' = 'active') {
  const broker = createMemoryBroker();
  const clock = createFakeClock();
  const settle = vi.fn(async () => ({ applied: true, exists: true }));
  const deps = {
    broker: {
      publish: broker.publish.bind(broker),
      claim: (request: ClaimRequest) => broker.claim(request),
      onRevoke: () => () => undefined,
      ...overrides,
    },
    clock,
    log: silent,
    settler: { settle },
    graphs: { load: async () => Promise.reject(new Error('the store is away')) },
    dispatch: { markRunning: async () => [] },
    budgets: { load: async () => null },
    fleet: { register: async () => undefined, beat: async () => desired },
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
  return { broker, clock, settle, worker };
}

test('A4: a task that could not be begun is handed out anew, with its claim', async () => {
  const message = taskMessage('t');
  const { broker, clock, settle, worker } = await startWorker({});

  await broker.publish([message]);
  await vi.waitFor(() => {
    clock.advance(500);
    expect(settle).toHaveBeenCalledTimes(1);
  });
  const { runId, key, attempt } = message;
  const event = expect.objectContaining({ type: 'released', reason: 'handback', key, attempt }) as unknown;
  expect(settle).toHaveBeenCalledWith(expect.objectContaining({ runId, message, isHeld: true, event }));
  await vi.waitFor(() => expect(worker.running).toBe(0));
});

test('A2: what a claim gives after it has ended goes back, however often the broker does not hear of it', async () => {
  const message = taskMessage('t');
  const late = createMemoryBroker();
  const release = vi.fn<Broker['release']>(async (worker, messages) => {
    if (release.mock.calls.length <= 2) throw new Error('the broker is away');
    return late.release(worker, messages);
  });
  const claim = async ({ worker, lanes, limit, signal, onWait }: ClaimRequest) => {
    onWait?.();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return late.claim({ worker, lanes, limit, signal: new AbortController().signal });
  };
  await late.publish([message]);
  const { clock, settle } = await startWorker({ claim, release }, 'cordoned');

  clock.advance(2000);
  await vi.waitFor(async () => {
    clock.advance(500);
    expect(release).toHaveBeenCalledTimes(3);
    expect(await late.claimed('w')).toEqual([]);
  });
  expect(await late.held([message])).toEqual([message.attempt]);
  expect(settle).not.toHaveBeenCalled();
});
