import { AppError, WS_PROTOCOL, wsCloseCodes } from '@weft/contract';
import type { EventMode } from '@weft/contract';
import { parsePlace } from '@weft/engine/domain';
import type { Place } from '@weft/engine/domain';
import type { RunStreams } from '@weft/engine/runtime';
import type { FastifyRequest } from 'fastify';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';

import type { AppOptions } from '../app-options.ts';
import { requireRole } from '../http/caller.ts';
import type { Caller } from '../http/caller.ts';
import { asId, found, SUCH_RUN } from '../http/ids.ts';
import type { Upgrade } from '../http/upgrade.ts';
import type { Outbox } from './outbox.ts';
import { tellRun } from './run-subscription.ts';
import { SharedTopic } from './shared-topic.ts';
import { SocketClient } from './socket-client.ts';
import type { Subscribe } from './socket-client.ts';
import { SOCKET_LIMITS } from './socket-limits.ts';
import type { SocketLimits } from './socket-limits.ts';
import { tellTopic } from './tell-topic.ts';
import { topicSource } from './topic-sources.ts';
import type { TopicName } from './topic-sources.ts';

const DEFAULT_MODES: EventMode[] = ['tasks', 'updates'];
const GOING_AWAY = 1001;

/** Who watches, and what of. */
type Watcher = { caller: Caller; tenant: string };
type Asked = { request: Subscribe; outbox: Outbox; signal: AbortSignal };

/** All WebSockets of this process, and what they share. */
export class SocketHub {
  readonly #options: AppOptions;
  readonly #streams: RunStreams;
  readonly #limits: SocketLimits;
  readonly #server: WebSocketServer;
  readonly #clients = new Set<SocketClient>();
  /** Each topic of each scope that somebody watches. */
  readonly #topics = new Map<string, SharedTopic>();
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
  }

  /** Throws AppError where one more client is too many. */
  refuseTooMany(): void {
    if (this.#closed) throw new AppError('unavailable', 'the server is stopping');
    if (this.#clients.size >= this.#limits.clients)
      throw new AppError('too_many_requests', `${this.#limits.clients} WebSockets are open already`);
  }

  accept({ raw, caller, tenant }: FastifyRequest, { socket, head }: Upgrade): void {
    this.#server.handleUpgrade(raw, socket, head, (opened) => this.#add(opened, { caller, tenant }));
  }

  /** Closes all connections; their clients may go on elsewhere. */
  close(): void {
    this.#closed = true;
    this.#endBeats?.();
    for (const client of this.#clients) client.close(GOING_AWAY, 'the server is stopping');
  }

  #add(socket: WebSocket, watcher: Watcher): void {
    const { clock, log } = this.#options;
    const client = new SocketClient(socket, {
      clock,
      log,
      limits: this.#limits,
      tell: (request, outbox, signal) => this.#tell(watcher, { request, outbox, signal }),
    });
    const unwatch = watcher.caller.onRefused(() => client.close(wsCloseCodes.refused, 'the key is not valid any more'));
    this.#clients.add(client);
    this.#endBeats ??= this.#beat();
    socket.once('close', () => {
      unwatch();
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

  async #tell(watcher: Watcher, asked: Asked): Promise<void> {
    const { topic } = asked.request;
    if (topic === 'runs' || topic === 'lanes' || topic === 'workers') await this.#tellShared(topic, watcher, asked);
    else await this.#tellRun(watcher.tenant, asked);
  }

  /** What all who watch the same of the same tenant share. */
  async #tellShared(topic: TopicName, { caller, tenant }: Watcher, { request, outbox, signal }: Asked): Promise<void> {
    if (topic === 'workers') requireRole(caller, 'operator');
    const { clock, log } = this.#options;
    const about = { tenant, scope: caller.scope };
    const name = `${topic} ${topic === 'runs' ? tenant : (about.scope ?? '')}`;
    const source = topicSource(this.#options, topic, about);
    const shared = this.#topics.get(name) ?? new SharedTopic({ clock, log, ...this.#limits, source });
    this.#topics.set(name, shared);
    await tellShared(shared, { ...request, outbox }, signal).finally(() => this.#letGo(name, shared));
  }

  #letGo(name: string, shared: SharedTopic): void {
    if (shared.isIdle && this.#topics.get(name) === shared) this.#topics.delete(name);
  }

  async #tellRun(tenant: string, { request, outbox, signal }: Asked): Promise<void> {
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
      const { head } = found(await queries.reader.run(tenant, runId), SUCH_RUN);
      if (after.step > head.step) throw new AppError('invalid_request', `the run is at step ${head.step}`);
      const open = (from: Place, ended: AbortSignal) =>
        this.#streams({ tenant, runId, after: from, modes, signal: ended });
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
