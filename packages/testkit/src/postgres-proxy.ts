/** A TCP proxy before a Postgres, which breaks connections as networks and servers do. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** How the driver asks for a commit, or binds the statement that settles by itself; and how the server says that it is done. */
const COMMITS = [Buffer.from('commit\0'), Buffer.from('\0settle')];
const IDLE = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

export type PostgresProxy = {
  /** The server's connection string, by way of the proxy. */
  readonly url: string;
  /** Cuts all connections now. */
  cut: () => void;
  /** Asked for each commit; where it says so, the connection is cut when the server has done it, before the client hears of it. */
  loseCommits: (isLost: () => boolean) => void;
  /** How many answers to commits were lost so far. */
  readonly lost: number;
  /** Leads new connections to another server. */
  retarget: (url: string) => void;
  stop: () => Promise<void>;
};

export async function startPostgresProxy(targetUrl: string): Promise<PostgresProxy> {
  const proxy = new BreakableProxy(targetUrl);
  await proxy.listen();
  return proxy;
}

class BreakableProxy implements PostgresProxy {
  lost = 0;
  #target: URL;
  #isLost = (): boolean => false;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => this.#serve(client));

  constructor(targetUrl: string) {
    this.#target = new URL(targetUrl);
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  loseCommits(isLost: () => boolean): void {
    this.#isLost = isLost;
  }

  retarget(url: string): void {
    this.#target = new URL(url);
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(client: Socket): void {
    const upstream = connect(Number(this.#target.port), this.#target.hostname);
    let losing = false;
    client.on('data', (chunk: Buffer) => {
      if (!losing && COMMITS.some((commit) => chunk.includes(commit))) losing = this.#isLost();
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (!losing) client.write(chunk);
      else if (chunk.includes(IDLE)) {
        this.lost += 1;
        client.destroy();
      }
    });
    for (const [socket, peer] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => peer.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        peer.destroy();
      });
    }
  }
}
