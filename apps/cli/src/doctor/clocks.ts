/** Whether the clocks of this machine, of the database and of Redis agree. The database's decides; the others only show. */
import type { Finding } from '@weft/contract';
import type { ServerFacts } from '@weft/postgres';
import type { RedisConnection } from '@weft/redis';

const MOST_MS = 2000;
const FAR_MS = 60_000;

export async function clocks({ clock }: ServerFacts, redis: RedisConnection | null): Promise<Finding[]> {
  const ofDatabase = skew('the database', clock);
  if (!redis) return [ofDatabase];
  const before = Date.now();
  const [seconds, micros] = await redis.commands.time();
  const theirs = Number(seconds) * 1000 + Number(micros) / 1000;
  return [ofDatabase, skew('Redis', { theirs, before, after: Date.now() })];
}

/** Half of the time that the question takes is uncertain. */
export function skew(whose: string, { theirs, before, after }: ServerFacts['clock']): Finding {
  const check = 'clocks';
  const skewMs = Math.round(theirs - (before + after) / 2);
  const beyond = Math.abs(skewMs) - (after - before) / 2;
  const what = `the clock of ${whose} is ${Math.abs(skewMs)} ms ${skewMs < 0 ? 'behind' : 'ahead of'} that of this machine`;
  if (beyond < MOST_MS) return { check, level: 'ok', what };
  const advice = 'nothing is decided by the clock of a worker, but ids and logs are in its order: run NTP on both';
  return { check, level: beyond < FAR_MS ? 'warn' : 'error', what, advice };
}
