/** Tasks that are offered and that no lane holds: the sweepers find them within seconds, unless they do not sweep. */
import type { Finding } from '@weft/contract';
import type { PostgresStore } from '@weft/postgres';
import { createRedisBroker } from '@weft/redis';
import type { RedisConnection } from '@weft/redis';

/** Well beyond what the sweepers need. */
const OLDER_THAN_MS = 15_000;
const MOST = 1000;
const SHOWN = 5;

export async function lostOffers({ dispatch }: PostgresStore, redis: RedisConnection): Promise<Finding> {
  const check = 'lost offers';
  const broker = createRedisBroker(redis);
  try {
    const { messages } = await dispatch.staleOffers({ olderThanMs: OLDER_THAN_MS, limit: MOST, after: null });
    const held = await broker.held(messages);
    const suspects = messages.filter((message, index) => (held[index] ?? 0) < message.attempt);
    const ready = suspects.length > 0 ? await dispatch.areReady(suspects) : [];
    const lost = suspects.filter((_, index) => ready[index]);
    if (lost.length === 0) return { check, level: 'ok', what: `the lanes hold all of ${messages.length} old offers` };
    const places = lost.slice(0, SHOWN).map(({ runId, key, lane }) => `${runId} ${key}, lane ${lane}`);
    const more = lost.length > SHOWN ? [`and ${lost.length - SHOWN} more`] : [];
    const what = `${lost.length} offered tasks are in no lane`;
    const advice = 'see that processes run and sweep: they offer anew what got lost';
    return { check, level: 'error', what, where: [...places, ...more], advice };
  } finally {
    await broker.close();
  }
}
