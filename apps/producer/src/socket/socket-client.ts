import { AppError, wsCloseCodes } from '@weft/contract';
import type { SubscriptionId, WsRequest } from '@weft/contract';
import type { Clock, Log } from '@weft/engine/ports';
import type { RawData, WebSocket } from 'ws';

import { toAppError } from '../http/problem-reply.ts';
import { FrameRate } from './frame-rate.ts';
import { Outbox } from './outbox.ts';
import { readFrame } from './read-frame.ts';
import type { SocketLimits } from './socket-limits.ts';

export type Subscribe = Extract<WsRequest, { t: 'subscribe' }>;

/** Tells a client what it has subscribed to, until there is no more or `signal` aborts. Throws AppError for a refusal. */
export type Tell = (request: Subscribe, outbox: Outbox, signal: AbortSignal) => Promise<void>;

export type ClientOptions = { limits: SocketLimits; clock: Clock; log: Log; tell: Tell };

/** A closed connection is cut off if the client has not answered the closing after this time. */
const CLOSE_MS = 2000;

/** One connection of `/v1/ws`: reads requests, keeps subscriptions, and closes on abuse. */
export class SocketClient {
  readonly #socket: WebSocket;
  readonly #options: ClientOptions;
  readonly #outbox: Outbox;
  readonly #rate: FrameRate;
  readonly #subscriptions = new Map<SubscriptionId, { topic: string; controller: AbortController }>();
  #badFrames = 0;
  #heardAt: number;

  constructor(socket: WebSocket, options: ClientOptions) {
    const { limits, clock } = options;
    this.#socket = socket;
    this.#options = options;
    this.#outbox = new Outbox(socket, { pauseBytes: limits.pauseBytes, clock });
    this.#heardAt = clock.monotonicMs();
    this.#rate = new FrameRate({
      burst: limits.frameBurst,
      perSecond: limits.framesPerSecond,
      nowMs: this.#heardAt,
    });
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('pong', () => (this.#heardAt = clock.monotonicMs()));
    socket.on('error', (error) => options.log.debug({ err: error }, 'a WebSocket broke'));
    socket.on('close', () => this.#endAll());
  }

  /** Asks the client whether it is there; drops it if nothing has come from it or been taken by it for too long. */
  beat(): void {
    const { clock, limits } = this.#options;
    const silentMs = clock.monotonicMs() - Math.max(this.#heardAt, this.#outbox.movedAt);
    if (silentMs > limits.silentMs) return this.close(wsCloseCodes.tooSlow, 'nothing was taken for too long');
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#endAll();
    this.#socket.resume();
    this.#socket.close(code, reason);
    const cancel = this.#options.clock.after(CLOSE_MS, () => this.#socket.terminate());
    this.#socket.once('close', cancel);
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    const { clock, limits } = this.#options;
    this.#heardAt = clock.monotonicMs();
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (!this.#rate.take(this.#heardAt)) return this.close(wsCloseCodes.tooMany, 'too many frames');
    // Who does not take answers is not asked what else it wants.
    if (this.#outbox.congested) {
      this.#socket.pause();
      this.#outbox.onRoom(() => this.#socket.resume());
    }
    const frame = readFrame(data, isBinary);
    if (frame.kind === 'request') return this.#perform(frame.request);
    this.#refuse(frame.error, frame.id);
    this.#badFrames += 1;
    if (this.#badFrames > limits.badFrames) this.close(wsCloseCodes.badFrames, 'too many frames that mean nothing');
  }

  #perform(request: WsRequest): void {
    switch (request.t) {
      case 'ping':
        return this.#outbox.send({ t: 'pong', ...(request.id !== undefined && { id: request.id }) });
      case 'subscribe':
        return void this.#subscribe(request);
      case 'unsubscribe':
        return this.#unsubscribe(request.id);
    }
  }

  async #subscribe(request: Subscribe): Promise<void> {
    const { id, topic } = request;
    const { subscriptions } = this.#options.limits;
    if (this.#subscriptions.has(id)) return this.#refuse(new AppError('conflict', 'this id is in use'), id);
    if (this.#subscriptions.size >= subscriptions)
      return this.#refuse(new AppError('too_many_requests', `at most ${subscriptions} subscriptions`), id);
    const controller = new AbortController();
    const subscription = { topic, controller };
    this.#subscriptions.set(id, subscription);
    try {
      await this.#options.tell(request, this.#outbox, controller.signal);
    } catch (error) {
      const known = toAppError(error);
      if (known.code === 'internal') this.#options.log.error({ err: error, topic }, 'a subscription broke');
      if (!controller.signal.aborted) this.#refuse(known, id);
    }
    if (this.#subscriptions.get(id) === subscription) this.#subscriptions.delete(id);
  }

  #unsubscribe(id: SubscriptionId): void {
    const subscription = this.#subscriptions.get(id);
    if (!subscription) return this.#refuse(new AppError('not_found', 'there is no such subscription'), id);
    this.#subscriptions.delete(id);
    subscription.controller.abort();
    this.#outbox.send({ t: 'end', id, topic: subscription.topic });
  }

  #refuse(error: AppError, id: SubscriptionId | null): void {
    this.#outbox.send({ t: 'error', ...(id !== null && { id }), code: error.code, message: error.message });
  }

  #endAll(): void {
    for (const { controller } of this.#subscriptions.values()) controller.abort();
    this.#subscriptions.clear();
  }
}
