import { messageOf } from '@weft/executors/failure';
import { z } from 'zod';

import type { CallTarget, Probe, ProtocolClient } from '../../protocol.ts';
import { optionsProblem } from '../options.ts';
import { brokerOptions, loginOf } from '../replies/broker-login.ts';
import { Links } from '../replies/links.ts';
import type { ReplyOptions } from '../replies/reply-options.ts';
import { requestReply } from '../replies/request-reply.ts';
import { abortion } from '../replies/waiting.ts';
import { checkStreamUrl, streamAddress } from './redis-stream-url.ts';
import type { StreamLogin } from './stream-connection.ts';
import { connected, streamConnection } from './stream-connection.ts';
import { StreamLink } from './stream-link.ts';

const options = z.strictObject({ ...brokerOptions, db: z.int().min(0).max(100_000).default(0) });

/** A worker behind a Redis stream: requests on the stream, answers on `stream:responses`. */
export function redisStreamClient(replyOptions: ReplyOptions): ProtocolClient {
  const links = new Links((key) => {
    const { url, ...own } = JSON.parse(key) as LinkKey;
    return new StreamLink({ address: streamAddress(url), ...replyOptions, ...own });
  });
  return {
    protocol: 'redis_stream',
    checkUrl: checkStreamUrl,
    checkOptions: (given) => optionsProblem(options, given),
    call: (call) => links.use(keyOf(call.target), (link) => requestReply(call, link, replyOptions)),
    probe: probeRedis,
    close: () => links.close(),
  };
}

type LinkKey = { url: string; login: StreamLogin; sendsToken: boolean; group?: string };

function keyOf(target: CallTarget): string {
  const { tokenFor, group } = options.parse(target.options);
  const own = { login: streamLogin(target), sendsToken: tokenFor === 'worker' };
  const key: LinkKey = { url: target.url, ...own, ...(group === undefined ? {} : { group }) };
  return JSON.stringify(key);
}

function streamLogin(target: CallTarget): StreamLogin {
  const given = options.parse(target.options);
  return { db: given.db, ...loginOf(target, given) };
}

/** A connection of its own that answers PING. */
async function probeRedis(target: CallTarget, url: string | null, signal: AbortSignal): Promise<Probe> {
  const problem = checkStreamUrl(url ?? target.url);
  if (problem !== null) return { isHealthy: false, detail: problem };
  const address = streamAddress(url ?? target.url);
  const client = streamConnection(address, streamLogin(target), 'commands');
  const at = `Redis at ${address.host}:${address.port}`;
  try {
    await Promise.race([connected(client).then((ready) => ready.ping()), abortion(signal, 'no answer in time')]);
    return { isHealthy: true, detail: `${at} answers` };
  } catch (error) {
    return { isHealthy: false, detail: `${at}: ${messageOf(error)}` };
  } finally {
    client.disconnect();
  }
}
