/** Faults of Redis and of the way to it. */
import { openRedis } from '@weft/redis';

import type { World } from '../world.ts';
import { OVER } from './fault.ts';
import type { Fault } from './fault.ts';

type Command = readonly [string, ...(string | number)[]];

export const REDIS_FAULTS: readonly Fault[] = [
  { kind: 'Redis emptied', group: 'redis content', start: ({ world }) => tell(world, ['FLUSHALL']) },
  { kind: 'Redis forgets its scripts', group: 'redis content', start: ({ world }) => tell(world, ['SCRIPT', 'FLUSH']) },
  {
    kind: 'Redis killed and restarted empty',
    group: 'redis',
    start: async ({ world }) => {
      await world.redis.kill();
      return () => world.redis.restart();
    },
  },
  {
    kind: 'Redis pauses its clients',
    group: 'redis',
    start: ({ world, holdMs }) => tell(world, ['CLIENT', 'PAUSE', Math.min(holdMs, 6000), 'ALL']),
  },
  {
    kind: 'Redis sleeps',
    group: 'redis',
    start: async ({ world, holdMs }) => {
      // It answers when it has woken up.
      const asleep = tell(world, ['DEBUG', 'SLEEP', Math.min(holdMs, 5000) / 1000]);
      return async () => void (await asleep.catch(() => undefined));
    },
  },
  {
    kind: 'Redis out of memory',
    group: 'redis',
    start: async ({ world }) => {
      const began = await tell(world, ['CONFIG', 'SET', 'maxmemory', '1mb']);
      return began && (async () => void (await tell(world, ['CONFIG', 'SET', 'maxmemory', '0'])));
    },
  },
  {
    kind: 'Redis cuts its clients',
    group: 'redis clients',
    start: async ({ world }) => {
      await tell(world, ['CLIENT', 'KILL', 'TYPE', 'pubsub']);
      return await tell(world, ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    },
  },
  {
    kind: 'way to Redis cut',
    group: 'redis link',
    start: async ({ world }) => {
      world.redisLink.cut();
      return OVER;
    },
  },
  {
    kind: 'way to Redis half open',
    group: 'redis link',
    start: async ({ world }) => {
      world.redisLink.freeze();
      return OVER;
    },
  },
  {
    kind: 'way to Redis slow',
    group: 'redis link',
    start: async ({ world, target }) => {
      world.redisLink.delay(20 + target * 180);
      return async () => world.redisLink.delay(0);
    },
  },
];

/** Past the proxy. Null if Redis is away. */
async function tell(world: World, [name, ...args]: Command): Promise<(() => Promise<void>) | null> {
  const redis = await openRedis({ url: world.redis.url, waitMs: 3000, onError: () => undefined }).catch(() => null);
  if (!redis) return null;
  try {
    // A sleeping server answers late: no timeout of commands counts here.
    const client = redis.connectBullmq('worker');
    await client.connect();
    await client.call(name, ...args);
    return OVER;
  } finally {
    await redis.close();
  }
}
