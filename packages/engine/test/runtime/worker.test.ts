import { createMemoryBroker } from '@weft/embedded';
import type { Broker, ClaimRequest } from '../../src/ports/index.ts';
import { createWorker } from '../../src/runtime/index.ts';
import type { WorkerDeps } from '../../src/runtime/index.ts';
import { createFakeClock, taskMessage } from '@weft/testkit';
import { expect, test, vi } from 'vitest';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A worker whose store does not answer, on a broker that refuses the first `refusals` times it is told something. */
async function startWorker(refusals: number) {
  const broker = createMemoryBroker();
  const clock = createFakeClock();
  const told = vi.fn<Broker['publish']>(async (messages, acks) => {
    if (told.mock.calls.length <= refusals) throw new Error('the broker is away');
    return broker.publish(messages, acks);
  });
  const deps = {
    broker: {
      publish: told,
      claim: (request: ClaimRequest) => broker.claim(request),
      onRevoke: () => () => undefined,
    },
    clock,
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
  return { broker, clock, told };
}

test('A2: a message that could not be run is let go of, however often the broker does not hear of it', async () => {
  const message = taskMessage('t');
  const { broker, clock, told } = await startWorker(2);

  await broker.publish([message]);
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1));
  await vi.waitFor(async () => {
    clock.advance(500);
    expect(await broker.held([message])).toEqual([null]);
  });
});
