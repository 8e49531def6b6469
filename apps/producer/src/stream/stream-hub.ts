import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

import { AppError } from '@weft/contract';
import type { FastifyBaseLogger } from 'fastify';

import type { Caller } from '../http/caller.ts';
import { COMMENT, PREAMBLE } from './event-text.ts';

const MAX_STREAMS = 1000;
const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for so long is dropped; it comes back and goes on where it was. */
const STALLED_MS = 60_000;

/** Who listens; `headers`: what else the answer says. */
export type Listener = {
  requestId: string;
  caller: Pick<Caller, 'onRefused'>;
  headers?: Record<string, string>;
};

/**
 * All open event streams of this process. A slow client holds its stream back: nothing more is read for it until what was
 * written has left, so it costs one text of memory at most, such as the events of a step.
 */
export class StreamHub {
  readonly #open = new Set<AbortController>();
  readonly #log: FastifyBaseLogger;

  constructor(log: FastifyBaseLogger) {
    this.#log = log;
  }

  /** Throws AppError `too_many_requests` when no more streams can be opened. */
  refuseTooMany(): void {
    if (this.#open.size >= MAX_STREAMS)
      throw new AppError('too_many_requests', `${MAX_STREAMS} streams are open already`);
  }

  /** Ends all streams; their clients may go on elsewhere. */
  close(): void {
    for (const controller of this.#open) controller.abort();
  }

  /** Writes texts to a client until they end, the client goes or may not call any more, or the hub closes. */
  async send(
    response: ServerResponse,
    { requestId, caller, headers = {} }: Listener,
    open: (signal: AbortSignal) => AsyncIterable<string>,
  ): Promise<void> {
    const controller = new AbortController();
    this.#open.add(controller);
    response.once('close', () => controller.abort());
    response.on('error', () => controller.abort());
    const unwatch = caller.onRefused(() => controller.abort());
    const heartbeat = setInterval(() => response.writableNeedDrain || response.write(COMMENT), HEARTBEAT_MS);
    try {
      writeHead(response, requestId, headers);
      for await (const text of open(controller.signal)) await write(response, text, controller.signal);
      response.end();
    } catch (error) {
      if (!controller.signal.aborted) this.#log.error({ err: error, requestId }, 'an event stream broke');
      response.destroy();
    } finally {
      clearInterval(heartbeat);
      unwatch();
      this.#open.delete(controller);
      controller.abort();
    }
  }
}

function writeHead(response: ServerResponse, requestId: string, headers: Listener['headers']): void {
  response.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  });
  response.write(PREAMBLE);
}

async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (response.write(text)) return;
  await once(response, 'drain', { signal: AbortSignal.any([signal, AbortSignal.timeout(STALLED_MS)]) });
}
