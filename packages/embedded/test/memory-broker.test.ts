import type { TaskMessage } from '@weft/engine/ports';
import { createMemoryBroker } from '@weft/embedded';
import { createFakeClock, taskMessage } from '@weft/testkit';
import { brokerConformance } from '@weft/testkit/conformance/broker';
import { describe, expect, test, vi } from 'vitest';

brokerConformance('in memory', () => {
  const broker = createMemoryBroker({ ageingMs: 5_000 });
  return { broker, other: broker, ageingMs: 5_000 };
});

const SIGNAL = new AbortController().signal;

describe('a broker in memory', () => {
  test('A3: lanes of one claim are served by the same rank as priorities', async () => {
    const broker = createMemoryBroker({ ageingMs: 1_000 });
    const at = (lane: string, priority: TaskMessage['priority'], readyAt: number) =>
      taskMessage(lane, { lane, priority, readyAt });
    await broker.publish([at('x', 2, 5_000), at('y', 1, 5_500), at('z', 3, 1_000)]);

    const claimed = await broker.claim({ worker: 'w1', lanes: ['x', 'y', 'z'], limit: 3, signal: SIGNAL });
    expect(claimed.map((message) => message.lane)).toEqual(['z', 'y', 'x']);
  });

  test('A3: waiting claims share what comes at once, and none is ended empty', async () => {
    const broker = createMemoryBroker();
    const claims = ['w1', 'w2', 'w3'].map((worker) => {
      return broker.claim({ worker, lanes: ['default'], limit: 10, signal: SIGNAL });
    });
    await broker.publish(Array.from({ length: 7 }, (_, n) => taskMessage(`t${n}`)));

    expect((await Promise.all(claims)).map((messages) => messages.length)).toEqual([3, 2, 2]);
  });

  test('A3: a claim that waited leaves no listener on its signal', async () => {
    const broker = createMemoryBroker();
    const { signal } = new AbortController();
    const [adding, removing] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    for (const id of ['a', 'b', 'c']) {
      const claim = broker.claim({ worker: 'w1', lanes: ['default'], limit: 1, signal });
      await broker.publish([taskMessage(id)]);
      await claim;
    }

    expect(adding).toHaveBeenCalledTimes(3);
    expect(removing.mock.calls).toEqual(adding.mock.calls);
  });

  test('a claim with no free slot gets nothing at once', async () => {
    const broker = createMemoryBroker();
    await broker.publish([taskMessage('a')]);

    expect(await broker.claim({ worker: 'w1', lanes: ['default'], limit: 0, signal: SIGNAL })).toEqual([]);
  });

  test('A6: the epoch comes from the clock it was given', async () => {
    const epochs = [1, 1, 2].map((seed) => createMemoryBroker({ clock: createFakeClock({ seed }) }).epoch());

    const [first, same, another] = await Promise.all(epochs);
    expect(same).toBe(first);
    expect(another).not.toBe(first);
  });

  test('A13: a listener that throws does not keep others from hearing of a revoked run', async () => {
    const errors: unknown[] = [];
    const heard: string[] = [];
    const failure = new Error('a listener fails');
    const broker = createMemoryBroker({ onListenerError: (error) => void errors.push(error) });
    broker.onRevoke(() => {
      throw failure;
    });
    broker.onRevoke((runId) => heard.push(runId));
    await broker.revoke('run-1');

    expect({ heard, errors }).toEqual({ heard: ['run-1'], errors: [failure] });
  });

  test('A3: a claim looks at few of the waiting tenants, however many there are', async () => {
    const broker = createMemoryBroker();
    const tenants = 5_000;
    let looks = 0;
    for (let n = 0; n < tenants; n++) {
      const message = taskMessage(`t${n}`, { tenant: `tenant-${n}` });
      const counted = Object.defineProperty(message, 'readyAt', { get: () => (looks++, n) });
      await broker.publish([counted]);
    }
    looks = 0;
    const claimed = await broker.claim({ worker: 'w1', lanes: ['default'], limit: 100, signal: SIGNAL });

    expect(claimed).toHaveLength(100);
    expect(looks / claimed.length).toBeLessThan(100);
  });
});
