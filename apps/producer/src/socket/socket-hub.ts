import { AppError, WS_PROTOCOL } from '@weft/contract';
import type { EventMode } from '@weft/contract';
import { parsePlace } from '@weft/engine/domain';
import type { Place } from '@weft/engine/domain';
import type { RunStreams } from '@weft/engine/runtime';
import type { IncomingMessage } from 'node:http';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';

import type { AppOptions } from '../app-options.ts';
import { asId, found, SUCH_RUN } from '../http/ids.ts';
import type { Upgrade } from '../http/upgrade.ts';
import { TENANT } from '../tenant.ts';
import type { Outbox } from './outbox.ts';
import { tellRun } from './run-subscription.ts';
import { SharedTopic } from './shared-topic.ts';
import { SocketClient } from './socket-client.ts';
import type { Subscribe } from './socket-client.ts';
import { SOCKET_LIMITS } from './socket-limits.ts';
import type { SocketLimits } from './socket-limits.ts';
import { tellTopic } from './tell-topic.ts';
import { topicSources } from './topic-sources.ts';

const DEFAULT_MODES: EventMode[] = ['tasks', 'updates'];
const GOING_AWAY = 1001;

/** All WebSockets of this process, and what they share. */
export class SocketHub {
  readonly #options: AppOptions;
  readonly #streams: RunStreams;
  readonly #limits: SocketLimits;
  readonly #server: WebSocketServer;
  readonly #clients = new Set<SocketClient>();
  readonly #topics: ReadonlyMap<string, SharedTopic>;
  #runSubscriptions = 0;
  #endBeats: (() => void) | null = null;
  #closed = false;

  constructor(options: AppOptions, streams: RunStreams) {
    this.#options = options;
    this.#streams = streams;
    this.#limits = { ...SOCKET_LIMITS, ...options.socketLimits };
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: this.#limits.frameBytes,
      perMessageDeflate: false,
      handleProtocols: () => WS_PROTOCOL,
    });
    const shared = { clock: options.clock, log: options.log, ...this.#limits };
    const sources = Object.entries(topicSources(options));
    this.#topics = new Map(sources.map(([name, source]) => [name, new SharedTopic({ ...shared, source })]));
  }

  /** Throws AppError where one more client is too many. */
  refuseTooMany(): void {
    if (this.#closed) throw new AppError('unavailable', 'the server is stopping');
    if (this.#clients.size >= this.#limits.clients)
      throw new AppError('too_many_requests', `${this.#limits.clients} WebSockets are open already`);
  }

  accept(request: IncomingMessage, { socket, head }: Upgrade): void {
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#add(opened));
  }

  /** Closes all connections; their clients may go on elsewhere. */
  close(): void {
    this.#closed = true;
    this.#endBeats?.();
    for (const client of this.#clients) client.close(GOING_AWAY, 'the server is stopping');
  }

  #add(socket: WebSocket): void {
    const { clock, log } = this.#options;
    const client = new SocketClient(socket, {
      clock,
      log,
      limits: this.#limits,
      tell: (request, outbox, signal) => this.#tell(request, outbox, signal),
    });
    this.#clients.add(client);
    this.#endBeats ??= this.#beat();
    socket.once('close', () => {
      this.#clients.delete(client);
      if (this.#clients.size > 0) return;
      this.#endBeats?.();
      this.#endBeats = null;
    });
  }

  #beat(): () => void {
    const { clock } = this.#options;
    const beat = (): void => {
      cancel = clock.after(this.#limits.heartbeatMs, beat);
      for (const client of this.#clients) client.beat();
    };
    let cancel = clock.after(this.#limits.heartbeatMs, beat);
    return () => cancel();
  }

  async #tell(request: Subscribe, outbox: Outbox, signal: AbortSignal): Promise<void> {
    const shared = this.#topics.get(request.topic);
    if (shared === undefined) await this.#tellRun(request, outbox, signal);
    else await tellShared(shared, { ...request, outbox }, signal);
  }

  async #tellRun(request: Subscribe, outbox: Outbox, signal: AbortSignal): Promise<void> {
    const { queries, clock, log } = this.#options;
    const { id, topic } = request;
    const after = parsePlace(String(request.after ?? 0));
    const { runSubscriptions, batchMs } = this.#limits;
    const runId = asId('run', topic.slice('run:'.length));
    const modes = new Set(request.modes ?? DEFAULT_MODES);
    if (this.#runSubscriptions >= runSubscriptions)
      throw new AppError('too_many_requests', `${runSubscriptions} runs are watched already`);
    this.#runSubscriptions += 1;
    try {
      const { head } = found(await queries.reader.run(TENANT, runId), SUCH_RUN);
      if (after.step > head.step) throw new AppError('invalid_request', `the run is at step ${head.step}`);
      const open = (from: Place, ended: AbortSignal) =>
        this.#streams({ tenant: TENANT, runId, after: from, modes, signal: ended });
      await tellRun({ id, topic, outbox, clock, batchMs, log, open }, after, signal);
    } finally {
      this.#runSubscriptions -= 1;
    }
  }
}

async function tellShared(
  shared: SharedTopic,
  request: Subscribe & { outbox: Outbox },
  signal: AbortSignal,
): Promise<void> {
  if (request.after !== undefined || request.modes !== undefined)
    throw new AppError('invalid_request', 'after and modes belong to run:ID; this topic is not numbered');
  const { promise, resolve } = Promise.withResolvers<void>();
  const leave = tellTopic(shared, request);
  const stop = (): void => {
    leave();
    resolve();
  };
  signal.addEventListener('abort', stop, { once: true });
  await promise;
}
