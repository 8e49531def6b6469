import { openRedis } from '@weft/redis';
import type { RedisConnection } from '@weft/redis';
import { testRedisUrl, uniqueRedisPrefix } from '@weft/testkit';

/** A connection to the Redis of the test run, or to the one given, with a prefix of its own unless told otherwise. */
export async function openTestRedis({
  url = testRedisUrl(),
  prefix = uniqueRedisPrefix(),
} = {}): Promise<RedisConnection> {
  if (url === null) throw new Error('there is no Redis for tests');
  return await openRedis({ url, prefix });
}
