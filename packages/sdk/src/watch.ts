/** Watching over one WebSocket, across broken connections. Uses the web platform's `WebSocket`, so that it runs in browsers, too. */
import { WS_PROTOCOL, WS_TENANT_PREFIX, WS_TOKEN_PREFIX, wsCloseCodes } from '@weft/contract';
import type { EventMode, RunStatus, WsEvent, WsFrame, WsRequest, WsSnapshot } from '@weft/contract';
import type { Identity } from './transport.ts';

/** What is done with what a subscription brings. */
export type WatchHandlers = {
  /** What has happened. Of a run every step comes once and in order; `lastStep` and `lastId` are null for other topics. */
  onEvents?: ((events: readonly WsEvent[], lastStep: number | null, lastId: string | null) => void) | undefined;
  /** The present items of a topic that is not a run; comes again after every new connection. */
  onSnapshot?: ((items: WsSnapshot['items']) => void) | undefined;
  /** Something is missing: live events of a run behind `after`, or changes before a new snapshot (null). */
  onGap?: ((after: string | null) => void) | undefined;
  /** The run has ended; nothing more comes. */
  onEnd?: ((end: { step: number; status: RunStatus }) => void) | undefined;
  /** The subscription was refused; nothing more comes. */
  onError?: ((error: { code: string; message: string }) => void) | undefined;
};

export type WatchRunOptions = {
  /** The last step, or the id of the last event, that is known; 0 (the default) brings all. */
  after?: number | string | undefined;
  /** Which events to bring; the server's choice where absent. */
  modes?: readonly EventMode[] | undefined;
};

export type WatchOptions = {
  /** Told whenever the connection stands (true) or is lost and tried again (false). */
  onConnection?: ((connected: boolean) => void) | undefined;
};

/** A connection that is made again whenever it breaks. */
export type Watch = {
  /** Watches `run:ID`, `runs`, `lanes` or `workers`. Returns the function that ends it. */
  subscribe(topic: string, handlers: WatchHandlers, options?: WatchRunOptions): () => void;
  close(): void;
};

type Subscription = WatchHandlers & { topic: string; after: number | string; modes: EventMode[] | undefined };

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
const PING_MS = 15_000;
/** The server answers a ping; who hears nothing for so long has lost it. */
const SILENT_MS = 35_000;

/** Opens a connection to the server at `url`. Failures to connect are not thrown: they are tried again until it is closed. */
export function openWatch(url: string, identity: Identity, options: WatchOptions = {}): Watch {
  return new ReconnectingWatch(socketUrl(url), protocolsOf(identity), options);
}

class ReconnectingWatch implements Watch {
  readonly #url: string;
  readonly #protocols: string[];
  readonly #options: WatchOptions;
  readonly #subscriptions = new Map<number, Subscription>();
  #socket: WebSocket | null = null;
  #nextId = 1;
  #pauseMs = FIRST_PAUSE_MS;
  #heardAt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  readonly #pings: ReturnType<typeof setInterval>;

  constructor(url: string, protocols: string[], options: WatchOptions) {
    this.#url = url;
    this.#protocols = protocols;
    this.#options = options;
    this.#pings = setInterval(() => this.#ping(), PING_MS);
    this.#connect();
  }

  subscribe(topic: string, handlers: WatchHandlers, { after = 0, modes }: WatchRunOptions = {}): () => void {
    const id = this.#nextId;
    this.#nextId += 1;
    const subscription = { ...handlers, topic, after, modes: modes && [...modes] };
    this.#subscriptions.set(id, subscription);
    this.#subscribe(id, subscription);
    return () => {
      if (this.#subscriptions.delete(id)) this.#send({ t: 'unsubscribe', id });
    };
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#pings);
    clearTimeout(this.#retry);
    this.#subscriptions.clear();
    this.#socket?.close();
  }

  #connect(): void {
    const socket = new WebSocket(this.#url, this.#protocols);
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.addEventListener('open', () => {
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#options.onConnection?.(true);
      for (const [id, subscription] of this.#subscriptions) this.#subscribe(id, subscription);
    });
    socket.addEventListener('message', ({ data }) => {
      if (socket !== this.#socket) return;
      this.#heardAt = performance.now();
      this.#take(JSON.parse(String(data)) as WsFrame);
    });
    socket.addEventListener('close', ({ code, reason }) => this.#lost(socket, { code, reason }));
    // A close follows, and says as much.
    socket.addEventListener('error', () => undefined);
  }

  #lost(socket: WebSocket, { code, reason }: { code: number; reason: string }): void {
    if (socket !== this.#socket || this.#closed) return;
    this.#socket = null;
    this.#options.onConnection?.(false);
    // The server understands nothing of what is sent here, and would not the next time.
    if (code === wsCloseCodes.badFrames) return this.#giveUp({ code: 'invalid_request', message: reason });
    if (code === wsCloseCodes.refused) return this.#giveUp({ code: 'unauthorized', message: reason });
    this.#retry = setTimeout(() => this.#connect(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #giveUp(error: { code: string; message: string }): void {
    const all = [...this.#subscriptions.values()];
    this.close();
    for (const { onError } of all) onError?.(error);
  }

  #ping(): void {
    const socket = this.#socket;
    if (socket === null || performance.now() - this.#heardAt < SILENT_MS) return this.#send({ t: 'ping' });
    // The closing of a dead connection may take minutes.
    this.#lost(socket, { code: 1006, reason: 'nothing was heard for too long' });
    socket.close();
  }

  #subscribe(id: number, { topic, after, modes }: Subscription): void {
    const run = topic.startsWith('run:') ? { after, ...(modes && { modes }) } : {};
    this.#send({ t: 'subscribe', id, topic, ...run });
  }

  /** What cannot be sent now is sent when the connection stands. */
  #send(request: WsRequest): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  #take(frame: WsFrame): void {
    const id = Number(frame.id);
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) return;
    switch (frame.t) {
      case 'batch':
        return takeBatch(subscription, frame);
      case 'snapshot':
        return subscription.onSnapshot?.(frame.data.items);
      case 'gap':
        return subscription.onGap?.(frame.after ?? null);
      case 'end':
        this.#subscriptions.delete(id);
        return subscription.onEnd?.({
          step: frame.step ?? stepOf(subscription.after),
          status: frame.status ?? 'cancelled',
        });
      case 'error':
        return this.#refused(id, subscription, frame);
      case 'pong':
        return;
    }
  }

  #refused(id: number, subscription: Subscription, { code, message }: { code: string; message: string }): void {
    if (code === 'unavailable') {
      setTimeout(() => this.#subscriptions.has(id) && this.#subscribe(id, subscription), LONGEST_PAUSE_MS);
      return;
    }
    this.#subscriptions.delete(id);
    subscription.onError?.({ code, message });
  }
}

function takeBatch(subscription: Subscription, { events, lastStep, lastId }: Extract<WsFrame, { t: 'batch' }>): void {
  const known = stepOf(subscription.after);
  const fresh = lastStep === undefined ? events : events.filter(({ n, step = 0 }) => n !== undefined || step > known);
  subscription.after = lastId ?? lastStep ?? subscription.after;
  if (fresh.length > 0) subscription.onEvents?.(fresh, lastStep ?? null, lastId ?? null);
}

function stepOf(after: number | string): number {
  return Number.parseInt(String(after), 10);
}

function socketUrl(base: string): string {
  const url = new URL(base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/ws`;
  return url.href;
}

function protocolsOf({ token, tenant }: Identity): string[] {
  const protocols = [WS_PROTOCOL, ...(tenant === null ? [] : [`${WS_TENANT_PREFIX}${tenant}`])];
  if (token === null) return protocols;
  const bytes = String.fromCodePoint(...new TextEncoder().encode(token));
  const encoded = btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return [...protocols, `${WS_TOKEN_PREFIX}${encoded}`];
}
