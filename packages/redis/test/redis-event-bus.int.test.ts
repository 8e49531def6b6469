import type { RunNotice } from '@weft/engine/ports';
import { createRedisEventBus } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { eventBusConformance } from '@weft/testkit/conformance/event-bus';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openTestRedis } from './open-test-redis.ts';

async function openBuses() {
  const first = await openTestRedis();
  const second = await openTestRedis({ prefix: first.prefix });
  const quiet = { onListenerError: () => undefined };
  const bus = createRedisEventBus(first, quiet);
  const other = createRedisEventBus(second, quiet);
  const dispose = async (): Promise<void> => {
    await Promise.all([bus.close(), other.close()]);
    await Promise.all([first.close(), second.close()]);
  };
  return { bus, other, first, second, dispose };
}

const step = (number: number): RunNotice => ({ kind: 'step', runId: 'run-1', step: number, ended: false });

describe.skipIf(testRedisUrl() === null)('on a real Redis', () => {
  eventBusConformance('in Redis', openBuses);

  test('a listener is told of a gap once its subscription works, and hears all that follows', async () => {
    const { bus, other, dispose } = await openBuses();
    onTestFinished(dispose);
    const heard: RunNotice[] = [];
    other.subscribe('run-1', (notice) => heard.push(notice));
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    expect(heard[0]).toEqual({ kind: 'gap', runId: 'run-1' });
    bus.publish([step(1)]);

    await expect.poll(() => heard.at(-1)).toEqual(step(1));
  });

  test('F16: a listener is told of a gap when its connection was cut, and hears on', async () => {
    const { bus, other, first, second, dispose } = await openBuses();
    onTestFinished(dispose);
    const heard: RunNotice[] = [];
    other.subscribe('run-1', (notice) => heard.push(notice));
    other.subscribe(null, (notice) => heard.push(notice));
    await expect.poll(() => heard.length).toBeGreaterThanOrEqual(2);
    const clientId = await second.subscriber.client('ID');
    heard.length = 0;
    await first.commands.client('KILL', 'ID', clientId);

    await expect.poll(() => heard, { timeout: 3000 }).toContainEqual({ kind: 'gap', runId: 'run-1' });
    await expect.poll(() => heard, { timeout: 3000 }).toContainEqual({ kind: 'gap', runId: null });
    bus.publish([step(7)]);
    await expect.poll(() => heard.filter(({ kind }) => kind === 'step')).toEqual([step(7), step(7)]);
  });

  test('a flood of notices arrives whole and in order', async () => {
    const { bus, other, dispose } = await openBuses();
    onTestFinished(dispose);
    const heard: number[] = [];
    let isOpen = false;
    other.subscribe(null, (notice) => {
      if (notice.kind === 'gap') isOpen = true;
      if (notice.kind === 'step') heard.push(notice.step);
    });
    await expect.poll(() => isOpen).toBe(true);
    const numbers = Array.from({ length: 5000 }, (_, index) => index);
    for (let at = 0; at < numbers.length; at += 100) bus.publish(numbers.slice(at, at + 100).map(step));

    await expect.poll(() => heard.length, { timeout: 3000 }).toBe(numbers.length);
    expect(heard).toEqual(numbers);
  });

  test('what others write to a channel is left out', async () => {
    const { bus, other, first, dispose } = await openBuses();
    onTestFinished(dispose);
    const heard: RunNotice[] = [];
    other.subscribe('run-1', (notice) => heard.push(notice));
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    for (const text of ['no json', '{}', '[1, null, {"kind":"step"}]']) {
      await first.commands.publish(`${first.prefix}run:run-1`, text);
    }
    bus.publish([step(1)]);

    await expect.poll(() => heard.filter(({ kind }) => kind !== 'gap')).toEqual([step(1)]);
  });
});
