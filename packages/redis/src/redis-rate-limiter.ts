import type { RateKey, RateLimiter } from '@weft/engine/ports';

import type { RedisConnection } from './connection.ts';
import { rateBase } from './keys.ts';
import { Scripts } from './scripts.ts';

/** Rates in Redis: all that a pass asks for is one script, in one step. It fails fast when Redis is away. */
export function createRedisRateLimiter(connection: RedisConnection): RateLimiter {
  const scripts = new Scripts(connection.commands);

  async function ask(tenant: string, args: readonly (string | number)[]): Promise<number[]> {
    const reply = await scripts.run('admit', rateBase(connection.prefix, tenant), args);
    return Array.isArray(reply) ? reply.map(Number) : [];
  }

  return {
    admit: (tenant, now, requests) => ask(tenant, [now, 1, ...requests.flatMap(argsOf)]),
    async waitMs(tenant, now, keys) {
      const [waitMs = 0] = await ask(tenant, [now, 0, ...argsOf(keys)]);
      return waitMs;
    },
  };
}

function argsOf(keys: readonly RateKey[]): (string | number)[] {
  return [keys.length, ...keys.flatMap(({ name, count, perMs, burst }) => [name, count, perMs, burst])];
}
