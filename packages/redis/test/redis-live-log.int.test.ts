import { createRedisEventBus, createRedisLiveLog } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { liveLogConformance } from '@weft/testkit/conformance/live-log';
import { makeUuidV7, START } from '@weft/engine/domain';
import type { LiveLimits } from '@weft/engine/ports';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openTestRedis } from './open-test-redis.ts';

async function openLogs(limits: Partial<LiveLimits> = {}) {
  const first = await openTestRedis();
  const second = await openTestRedis({ prefix: first.prefix });
  const bus = createRedisEventBus(second);
  const log = createRedisLiveLog(first, limits);
  return {
    first,
    log,
    other: createRedisLiveLog(second, limits),
    bus,
    forget: async () => {
      const keys = await first.commands.keys(`${first.prefix}*`);
      await first.commands.del(...keys);
      return log;
    },
    dispose: async () => {
      await bus.close();
      await Promise.all([first.close(), second.close()]);
    },
  };
}

describe.skipIf(testRedisUrl() === null)('on a real Redis', () => {
  liveLogConformance('in Redis', openLogs);

  test('all keys of a run expire, and none is left of runs that were quiet for long', async () => {
    const { first, log, dispose } = await openLogs({ idleMs: 60 });
    onTestFinished(dispose);
    const event = { step: 1, mode: 'custom', type: 'custom', at: 0, data: {} } as const;
    const quiet = makeUuidV7(Date.now() + 1000, Uint8Array.of(1));
    await log.append([{ ...event, runId: quiet }]);
    const busy = async (): Promise<string[]> => {
      await log.append([{ ...event, runId: makeUuidV7(Date.now() + 1000, Uint8Array.of(2)) }]);
      const keys = await first.commands.keys(`${first.prefix}*`);
      const members = await first.commands.zrange(`${first.prefix}{+}:live`, '0', '-1');
      const sizes = await first.commands.hkeys(`${first.prefix}{+}:live-sizes`);
      return [...keys, ...members, ...sizes].filter((text) => text.includes(quiet));
    };

    await expect.poll(busy, { timeout: 3000 }).toEqual([]);
  });

  test('a batch that is larger than a script takes arrives whole and in order', async () => {
    const { log, dispose } = await openLogs();
    onTestFinished(dispose);
    const runId = makeUuidV7(Date.now() + 1000, Uint8Array.of(3));
    const event = { runId, step: 1, mode: 'custom', type: 'custom', at: 0 } as const;
    await log.append(Array.from({ length: 1200 }, (_, index) => ({ ...event, data: { index } })));
    const { events, lost } = await log.read({ runId, after: START, step: 1, limit: 5000 });

    expect(lost).toBe(false);
    expect(events.map(({ data }) => data['index'])).toEqual(Array.from({ length: 1200 }, (_, index) => index));
  });
});
