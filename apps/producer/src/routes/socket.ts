import { AppError, WS_PROTOCOL, WsFrame } from '@weft/contract';
import type { RunStreams } from '@weft/engine/runtime';
import type { FastifyRequest } from 'fastify';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { offeredProtocols } from '../http/credentials.ts';
import { isUpgrade, takeUpgrade } from '../http/upgrade.ts';
import { problems } from '../schemas/answers.ts';
import { SocketHub } from '../socket/socket-hub.ts';

/** Watching runs, lanes and workers over one connection. */
export function socketRoute(api: Api, options: AppOptions, streams: RunStreams): void {
  const hub = new SocketHub(options, streams);
  api.addHook('preClose', () => hub.close());
  api.route({
    method: 'GET',
    url: '/v1/ws',
    config: { takesProtocols: true },
    schema: {
      summary: 'Watch runs, lanes and workers',
      description:
        'A WebSocket with the subprotocol `weft.v1`; frames are JSON text. Send `{ t: "subscribe", id, topic: "run:ID" | "runs" | "lanes" | "workers", after?, modes? }`, `{ t: "unsubscribe", id }` or `{ t: "ping" }`; `batch`, `snapshot`, `gap`, `end`, `error` and `pong` come back. `run:ID` (with `modes`, as for the event stream) tells every step after `after` once, and the live events between steps; resume after the last `lastId`. The other topics begin with a snapshot. Without `Authorization`, offer `weft.token.` and the key or token as base64url as a second subprotocol. The operator may offer `weft.tenant.` and the name of a tenant as well; only the operator may watch `workers`.',
      tags: ['runs'],
      response: {
        101: {
          description: 'The WebSocket is open; each of its frames is one of these',
          content: { 'application/json': { schema: WsFrame } },
        },
        ...problems,
      },
    },
    handler: async (request, reply) => {
      if (!isUpgrade(request.raw)) {
        reply.header('upgrade', 'websocket');
        throw new AppError('upgrade_required', 'open it as a WebSocket');
      }
      requireProtocol(request);
      hub.refuseTooMany();
      const upgrade = takeUpgrade(request.raw, reply.raw);
      reply.hijack();
      if (upgrade) hub.accept(request, upgrade);
    },
  });
}

function requireProtocol(request: FastifyRequest): void {
  if (offeredProtocols(request).includes(WS_PROTOCOL)) return;
  throw new AppError('invalid_request', `offer the subprotocol ${WS_PROTOCOL}`);
}
