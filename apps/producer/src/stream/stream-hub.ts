import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

import { AppError } from '@weft/contract';
import type { StreamItem } from '@weft/engine/runtime';
import type { FastifyBaseLogger } from 'fastify';

import type { Caller } from '../http/caller.ts';
import { COMMENT, itemText, PREAMBLE } from './event-text.ts';

const MAX_STREAMS = 1000;
const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for so long is dropped; it comes back and goes on where it was. */
const STALLED_MS = 60_000;

/**
 * All open event streams of this process. A slow client holds its stream back: nothing more is read for it until what was
 * written has left, so it costs one step's events of memory at most.
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

  /** Writes a stream to a client until it ends, the client goes or may not call any more, or the hub closes. */
  async send(
    response: ServerResponse,
    { requestId, caller }: { requestId: string; caller: Pick<Caller, 'onRefused'> },
    open: (signal: AbortSignal) => AsyncIterable<StreamItem>,
  ): Promise<void> {
    const controller = new AbortController();
    this.#open.add(controller);
    response.once('close', () => controller.abort());
    response.on('error', () => controller.abort());
    const unwatch = caller.onRefused(() => controller.abort());
    const heartbeat = setInterval(() => response.writableNeedDrain || response.write(COMMENT), HEARTBEAT_MS);
    try {
      writeHead(response, requestId);
      for await (const item of open(controller.signal)) await write(response, itemText(item), controller.signal);
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

function writeHead(response: ServerResponse, requestId: string): void {
  response.writeHead(200, {
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
