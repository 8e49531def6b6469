import type { Redis } from 'ioredis';

import { RedisError } from './redis-error.ts';

/** The first version that has BLMPOP and script flags. */
export const OLDEST_MAJOR = 7;

/**
 * Refuses a server that cannot carry the lanes: one that is too old, or one that drops keys when its memory is full. All
 * of it can be rebuilt, but a key dropped in silence is found late; refused writes are felt at once.
 *
 * @throws RedisError `redis_too_old` or `redis_evicts`
 */
export async function checkRedis(client: Redis): Promise<void> {
  const info = await client.info();
  const version = fieldOf(info, 'redis_version') ?? 'unknown';
  if (!(Number.parseInt(version, 10) >= OLDEST_MAJOR)) {
    throw new RedisError('redis_too_old', `this is Redis ${version}: Weft needs Redis ${OLDEST_MAJOR}.0 or later`);
  }
  const policy = fieldOf(info, 'maxmemory_policy');
  if (policy !== null && policy !== 'noeviction') {
    const message = `Redis drops keys when its memory is full (maxmemory-policy ${policy}): set maxmemory-policy noeviction`;
    throw new RedisError('redis_evicts', message);
  }
}

/** A field of what `INFO` says; null where it does not say. */
export function fieldOf(info: string, name: string): string | null {
  const line = info.split(/\r?\n/).find((candidate) => candidate.startsWith(`${name}:`));
  return line === undefined ? null : line.slice(name.length + 1).trim();
}
