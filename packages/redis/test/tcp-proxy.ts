import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export type TcpProxy = {
  url: string;
  /** From now on nothing that the server says comes through, and nobody is told. */
  holdReplies(): void;
  /** Ends all connections; what was held is gone. New ones pass. */
  cut(): void;
  close(): Promise<void>;
};

/** Stands between a client and Redis, to lose what a network can lose. */
export async function openTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    const redis = connect(Number(port), hostname);
    const pair = [client, redis] as const;
    pairs.add(pair);
    client.pipe(redis);
    redis.pipe(client);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const cut = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${address.port}`,
    holdReplies: () => {
      for (const [client, redis] of pairs) {
        redis.unpipe(client);
        redis.resume();
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
