import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { DelayLine } from './delay-line.ts';

export type TcpProxy = {
  /** The server's URL, by way of the proxy. */
  url: string;
  /** From now on nothing that clients say comes through, and nobody is told. */
  holdRequests(): void;
  /** From now on nothing that the server says comes through, and nobody is told. */
  holdReplies(): void;
  /** The connections there are fall silent both ways, and nobody is told. New ones pass. */
  freeze(): void;
  /** From now on all that is said takes so long, ms, each way: 0 for no delay, or drawn anew for each piece. */
  delay(ms: number | (() => number)): void;
  /** Ends all connections; what was held is gone. New ones pass. */
  cut(): void;
  close(): Promise<void>;
};

type Pair = { client: Socket; upstream: Socket };

/** Stands between a client and its server, to lose what a network can lose. */
export async function openTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<Pair>();
  const held = { requests: false, replies: false };
  let delayMs = (): number => 0;
  const server = createServer((client) => {
    const pair = { client, upstream: connect(Number(port), hostname) };
    pairs.add(pair);
    pass(pair, () => delayMs());
    if (held.requests) silence(pair.client);
    if (held.replies) silence(pair.upstream);
    for (const socket of Object.values(pair)) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(pair);
        destroy(pair);
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    Object.assign(held, { requests: false, replies: false });
    for (const pair of pairs) destroy(pair);
  };
  return {
    url: byWayOf(target, server.address() as AddressInfo),
    holdRequests: () => {
      held.requests = true;
      for (const { client } of pairs) silence(client);
    },
    holdReplies: () => {
      held.replies = true;
      for (const { upstream } of pairs) silence(upstream);
    },
    freeze: () => {
      for (const { client, upstream } of pairs) {
        silence(client);
        silence(upstream);
      }
    },
    delay: (ms) => {
      delayMs = typeof ms === 'number' ? () => ms : ms;
    },
    cut,
    close: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}

function byWayOf(target: string, { port }: AddressInfo): string {
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}

function pass({ client, upstream }: Pair, delayMs: () => number): void {
  client.pipe(new DelayLine(delayMs)).pipe(upstream);
  upstream.pipe(new DelayLine(delayMs)).pipe(client);
}

/** Reads on, so that the sender notices nothing, but hands on nothing. */
function silence(from: Socket): void {
  from.unpipe();
  from.resume();
}

function destroy({ client, upstream }: Pair): void {
  client.destroy();
  upstream.destroy();
}
