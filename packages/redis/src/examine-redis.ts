/** Examines a Redis that may be at work: its version, its policy, its memory, its clock. */
import type { Finding } from '@weft/contract';
import type { Redis } from 'ioredis';

import { fieldOf, OLDEST_MAJOR } from './check-redis.ts';

export const REDIS_CHECKS = ['redis', 'redis memory', 'redis persistence'] as const;

const FULL_SHARE = 0.8;

export async function examineRedis(client: Redis): Promise<Finding[]> {
  const info = await client.info();
  return [server(info), memory(info), persistence(info)];
}

function server(info: string): Finding {
  const check = 'redis';
  const version = fieldOf(info, 'redis_version') ?? 'unknown';
  if (!(Number.parseInt(version, 10) >= OLDEST_MAJOR)) {
    return { check, level: 'error', what: `this is Redis ${version}`, advice: `use Redis ${OLDEST_MAJOR}.0 or later` };
  }
  const policy = fieldOf(info, 'maxmemory_policy');
  if (policy !== null && policy !== 'noeviction') {
    const advice = 'CONFIG SET maxmemory-policy noeviction, and in its configuration file';
    return { check, level: 'error', what: `it drops keys when its memory is full (${policy})`, advice };
  }
  return {
    check,
    level: 'ok',
    what: `Redis ${version}, which drops no keys, with ${fieldOf(info, 'connected_clients')} clients`,
  };
}

function memory(info: string): Finding {
  const check = 'redis memory';
  const number = (name: string): number => Number(fieldOf(info, name) ?? 0);
  const [used, most, evicted] = [number('used_memory'), number('maxmemory'), number('evicted_keys')];
  const shown = `${(used / 1024 / 1024).toFixed(1)} MiB`;
  if (evicted > 0) {
    const advice = 'nothing is lost, since the sweepers offer anew; set maxmemory-policy noeviction';
    return { check, level: 'warn', what: `it has dropped ${evicted} keys since its start`, advice };
  }
  if (most > 0 && used > FULL_SHARE * most) {
    const what = `it holds ${shown} of ${(most / 1024 / 1024).toFixed(0)} MiB`;
    return { check, level: 'error', what, advice: 'raise maxmemory: when it is full nothing new is offered' };
  }
  return {
    check,
    level: 'ok',
    what: `it holds ${shown}${most > 0 ? ` of ${(most / 1024 / 1024).toFixed(0)} MiB` : ''}`,
  };
}

function persistence(info: string): Finding {
  const check = 'redis persistence';
  const failed = ['rdb_last_bgsave_status', 'aof_last_write_status'].filter((name) => fieldOf(info, name) === 'err');
  if (failed.length > 0) {
    const advice = 'see its log: its disk may be full; by default it then refuses writes';
    return { check, level: 'error', what: 'it could not write to its disk', where: failed, advice };
  }
  const how =
    fieldOf(info, 'aof_enabled') === '1'
      ? 'an append-only file'
      : 'no append-only file, so a restart is empty and is refilled';
  return { check, level: 'ok', what: `it keeps ${how}` };
}
