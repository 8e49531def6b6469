/** How a peer's worker tells the driver of ends: by pub/sub, those of one turn together. */
import { openRedis } from '@weft/redis';

import { Endings } from '../mesh/endings.ts';

/** For the worker: the function that tells of one end. */
export async function tellEndings(redisUrl: string, peer: string): Promise<(run: string) => void> {
  const { commands } = await openRedis({ url: redisUrl });
  let ended: string[] = [];
  const publish = (): void => {
    commands.publish(channelOf(peer), ended.join(' ')).catch(console.error);
    ended = [];
  };
  return (run) => {
    ended.push(run);
    if (ended.length === 1) setImmediate(publish);
  };
}

/** For the driver. */
export async function hearEndings(
  redisUrl: string,
  peer: string,
): Promise<{ endings: Endings; close: () => Promise<void> }> {
  const redis = await openRedis({ url: redisUrl });
  const endings = new Endings();
  redis.subscriber.on('message', (_, text: string) => {
    for (const run of text.split(' ')) endings.add(run);
  });
  await redis.subscriber.subscribe(channelOf(peer));
  return { endings, close: () => redis.close() };
}

function channelOf(peer: string): string {
  return `bench:ended:${peer}`;
}
