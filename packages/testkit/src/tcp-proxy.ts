import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export type TcpProxy = {
  /** The server's URL, by way of the proxy. */
  url: string;
  /** From now on nothing that clients say comes through, and nobody is told. */
  holdRequests(): void;
  /** From now on nothing that the server says comes through, and nobody is told. */
  holdReplies(): void;
  /** The connections there are fall silent both ways, and nobody is told. New ones pass. */
  freeze(): void;
  /** Ends all connections; what was held is gone. New ones pass. */
  cut(): void;
  close(): Promise<void>;
};

const silenced = new WeakSet<Socket>();

type Pair = { client: Socket; upstream: Socket };

export type TcpProxyOptions = {
  /** Asked for each piece that comes, either way: how much later it is handed on, ms. None overtakes another (0). */
  latencyMs?: () => number;
};

/** Stands between a client and its server, to lose and to delay what a network can lose and delay. */
export async function openTcpProxy(target: string, { latencyMs }: TcpProxyOptions = {}): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<Pair>();
  const held = { requests: false, replies: false };
  const server = createServer((client) => {
    const pair = { client, upstream: connect(Number(port), hostname) };
    pairs.add(pair);
    if (latencyMs) {
      delay(pair.client, pair.upstream, latencyMs);
      delay(pair.upstream, pair.client, latencyMs);
    } else pass(pair);
    if (held.requests) silence(pair.client, pair.upstream);
    if (held.replies) silence(pair.upstream, pair.client);
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
      for (const { client, upstream } of pairs) silence(client, upstream);
    },
    holdReplies: () => {
      held.replies = true;
      for (const { client, upstream } of pairs) silence(upstream, client);
    },
    freeze: () => {
      for (const { client, upstream } of pairs) {
        silence(client, upstream);
        silence(upstream, client);
      }
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

function pass({ client, upstream }: Pair): void {
  client.pipe(upstream);
  upstream.pipe(client);
}

/** Hands on each piece after its own time, in the order in which they came. */
function delay(from: Socket, to: Socket, latencyMs: () => number): void {
  let before: Promise<unknown> = Promise.resolve();
  from.on('data', (chunk: Buffer) => {
    before = Promise.all([before, wait(latencyMs())]).then(() => {
      if (!silenced.has(from) && !to.destroyed) to.write(chunk);
    });
  });
}

/** Reads on, so that the sender notices nothing, but hands on nothing. */
function silence(from: Socket, to: Socket): void {
  silenced.add(from);
  from.unpipe(to);
  from.resume();
}

function destroy({ client, upstream }: Pair): void {
  client.destroy();
  upstream.destroy();
}
