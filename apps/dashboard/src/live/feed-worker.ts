/**
 * Holds the one WebSocket of all tabs (as a SharedWorker), or of one tab (as a Worker), and gives each tab what has come,
 * merged: every 100 ms, or every second while the tab is hidden.
 */
import { createClient } from '@weft/sdk';
import type { Watch } from '@weft/sdk';

import { Merge } from './merge.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

const FLUSH_MS = 100;
const HIDDEN_FLUSH_MS = 1000;

type Port = {
  postMessage: (message: FromWorker) => void;
  addEventListener: (type: 'message', listener: (event: MessageEvent<ToWorker>) => void) => void;
  start?: () => void;
};
type Scope = {
  addEventListener: (type: 'connect', listener: (event: MessageEvent) => void) => void;
};

/** A connection for an identity, and the tabs that use it. */
type Line = { watch: Watch; tabs: Set<Tab>; isUp: boolean };

const lines = new Map<string, Line>();

class Tab {
  readonly #port: Port;
  readonly #merges = new Map<number, { merge: Merge; leave: () => void }>();
  #line: Line | null = null;
  #lineName = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #everyMs = FLUSH_MS;
  #flushedAt = 0;

  constructor(port: Port) {
    this.#port = port;
    port.addEventListener('message', ({ data }) => this.#take(data));
    port.start?.();
  }

  connection(isUp: boolean): void {
    this.#port.postMessage({ t: 'connection', isUp });
  }

  #take(message: ToWorker): void {
    switch (message.t) {
      case 'hello':
        return this.#join(message);
      case 'subscribe':
        return this.#subscribe(message);
      case 'unsubscribe':
        this.#merges.get(message.id)?.leave();
        this.#merges.delete(message.id);
        return undefined;
      case 'visible':
        this.#everyMs = message.isVisible ? FLUSH_MS : HIDDEN_FLUSH_MS;
        return message.isVisible ? this.#flush() : undefined;
      case 'bye':
        return this.#leave();
    }
  }

  #join({ url, token, tenant }: Extract<ToWorker, { t: 'hello' }>): void {
    this.#leave();
    this.#lineName = JSON.stringify([url, token, tenant]);
    this.#line = lines.get(this.#lineName) ?? openLine(this.#lineName, { url, token, tenant });
    this.#line.tabs.add(this);
    this.connection(this.#line.isUp);
  }

  #leave(): void {
    for (const { leave } of this.#merges.values()) leave();
    this.#merges.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#line?.tabs.delete(this);
    if (this.#line?.tabs.size === 0) {
      this.#line.watch.close();
      lines.delete(this.#lineName);
    }
    this.#line = null;
  }

  #subscribe({ id, topic, after, modes }: Extract<ToWorker, { t: 'subscribe' }>): void {
    if (!this.#line) return;
    const merge = new Merge(topic);
    const then = <A extends unknown[]>(take: (...given: A) => void) => {
      return (...given: A): void => {
        take(...given);
        this.#schedule();
      };
    };
    const leave = this.#line.watch.subscribe(
      topic,
      {
        onEvents: then((events, lastStep) => merge.events(events, lastStep)),
        onSnapshot: then((items) => merge.snapshot(items)),
        onGap: then(() => merge.gap()),
        onEnd: then(({ status }) => merge.end(status)),
        onError: then((error) => merge.error(error)),
      },
      { after, modes },
    );
    this.#merges.set(id, { merge, leave });
  }

  #schedule(): void {
    const waitMs = Math.max(0, this.#flushedAt + this.#everyMs - performance.now());
    this.#timer ??= setTimeout(() => this.#flush(), waitMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushedAt = performance.now();
    const flushes = [...this.#merges].flatMap(([id, { merge }]) => {
      const flush = merge.take();
      return flush ? [{ id, ...flush }] : [];
    });
    if (flushes.length > 0) this.#port.postMessage({ t: 'flush', flushes });
  }
}

function openLine(name: string, who: { url: string; token: string | null; tenant: string | null }): Line {
  const watch = createClient(who).watch({
    onConnection: (isUp) => {
      line.isUp = isUp;
      for (const tab of line.tabs) tab.connection(isUp);
    },
  });
  const line: Line = { watch, tabs: new Set(), isUp: false };
  lines.set(name, line);
  return line;
}

const scope = globalThis as unknown as Scope;
// A SharedWorker is told of each tab that connects; a Worker has but the one that made it.
if ('onconnect' in scope) scope.addEventListener('connect', ({ ports }) => ports.forEach((port) => new Tab(port)));
else void new Tab(scope as unknown as Port);
