/** Requests for a WebSocket take the way of all others: the same guard, and the same problems where they are refused. */
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { FastifyInstance } from 'fastify';

/** A connection that waits to be taken over, and what has arrived on it already. */
export type Upgrade = { socket: Socket; head: Buffer };

const waiting = new WeakMap<IncomingMessage, Upgrade>();

/** Only these leave HTTP; any other wish to upgrade is answered as if it had none. */
export function isSocketRequest({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

export function registerUpgrades(app: FastifyInstance): void {
  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    waiting.set(request, { socket, head });
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    app.routing(request, response);
  });
}

/** Takes the connection out of HTTP; null for a request that did not ask for it. */
export function takeUpgrade(request: IncomingMessage, response: ServerResponse): Upgrade | null {
  const upgrade = waiting.get(request) ?? null;
  if (upgrade && waiting.delete(request)) response.detachSocket(upgrade.socket);
  return upgrade;
}

/** Whether the request may be answered by taking its connection over. */
export function isUpgrade(request: IncomingMessage): boolean {
  return waiting.has(request);
}
