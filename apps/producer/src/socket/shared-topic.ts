import type { Clock, Log } from '@weft/engine/ports';
import { toInstant } from '@weft/engine/runtime';
import type { WsEvent } from '@weft/contract';

/** An event that is not dated yet. */
export type News = Omit<WsEvent, 'at' | 'mode'>;

/** One thing of a topic: `value` is what a snapshot shows of it. */
export type TopicItem = { key: string; value: object };

/** Where a topic comes from. */
export type TopicSource = {
  load(): Promise<TopicItem[]>;
  /** How it is told that an item is new or has changed, or (null) is not there any more; null: it is not told. */
  changed(key: string, value: object | null): News | null;
  /** What is told between two looks: calls with news, by key, or with null when some of it was missed. */
  listen?(tell: (news: { key: string; event: News } | null) => void): () => void;
};

/** Who hears of a topic. Texts are JSON, made once for all. */
export type TopicListener = {
  /** The present items; what was told before counts no more. `afterGap`: something was left out before it. */
  snapshot(itemsText: string, afterGap: boolean): void;
  events(eventsText: string): void;
};

export type SharedTopicOptions = {
  source: TopicSource;
  clock: Pick<Clock, 'after' | 'monotonicMs' | 'now'>;
  log: Log;
  batchMs: number;
  pollMs: number;
};

/** News of more keys than this between two batches are replaced by a snapshot. */
const MOST_NEWS = 2000;

/**
 * A topic that all clients of the process share: looked at once for all of them, while there is at least one, and told as
 * differences. Nothing is numbered; who has missed something takes a new snapshot.
 */
export class SharedTopic {
  readonly #options: SharedTopicOptions;
  readonly #listeners = new Set<TopicListener>();
  /** Those that have no snapshot yet. */
  #newcomers: TopicListener[] = [];
  /** The JSON of each item; null before the first look. */
  #items: Map<string, string> | null = null;
  #news = new Map<string, News>();
  #missed = false;
  #sentAt = Number.NEGATIVE_INFINITY;
  #cancelBatch: (() => void) | null = null;
  /** Ends looking and listening; null while nobody is there. */
  #stop: (() => void) | null = null;

  constructor(options: SharedTopicOptions) {
    this.#options = options;
  }

  /** Gives the listener a snapshot, then what comes. Returns the function that ends it. */
  subscribe(listener: TopicListener): () => void {
    this.#stop ??= this.#start();
    if (this.#items) this.#welcome(listener, this.#items);
    else this.#newcomers.push(listener);
    return () => this.#leave(listener);
  }

  /** The items as JSON; null before the first look. */
  get itemsText(): string | null {
    return this.#items && textOf(this.#items);
  }

  /** Nobody hears of it. */
  get isIdle(): boolean {
    return this.#listeners.size + this.#newcomers.length === 0;
  }

  #welcome(listener: TopicListener, items: ReadonlyMap<string, string>): void {
    this.#listeners.add(listener);
    listener.snapshot(textOf(items), false);
  }

  #leave(listener: TopicListener): void {
    this.#listeners.delete(listener);
    this.#newcomers = this.#newcomers.filter((other) => other !== listener);
    if (!this.isIdle) return;
    this.#stop?.();
    this.#stop = null;
  }

  #start(): () => void {
    const { clock, pollMs, source } = this.#options;
    let ended = false;
    let cancel = (): void => undefined;
    const look = async (): Promise<void> => {
      await this.#look(() => ended);
      if (!ended) cancel = clock.after(pollMs, () => void look());
    };
    const deaf = source.listen?.((news) => this.#hear(news));
    void look();
    return () => {
      ended = true;
      cancel();
      deaf?.();
      this.#cancelBatch?.();
      this.#cancelBatch = null;
      this.#news.clear();
      this.#items = null;
    };
  }

  async #look(isOver: () => boolean): Promise<void> {
    const { source, log } = this.#options;
    try {
      const items = new Map((await source.load()).map(({ key, value }) => [key, value]));
      if (isOver()) return;
      const before = this.#items;
      this.#items = new Map([...items].map(([key, value]) => [key, JSON.stringify(value)]));
      if (before) this.#tell(this.#differences(before, items));
      else this.#missed = false;
      for (const newcomer of this.#newcomers.splice(0)) this.#welcome(newcomer, this.#items);
      if (this.#missed) this.#tellAnew();
    } catch (error) {
      log.warn({ err: error }, 'a topic could not be read');
    }
  }

  #differences(before: ReadonlyMap<string, string>, items: ReadonlyMap<string, object>): News[] {
    const { source } = this.#options;
    const fresh = [...items].filter(([key]) => before.get(key) !== this.#items?.get(key));
    const gone = [...before.keys()].filter((key) => !items.has(key));
    const told = [
      ...fresh.map(([key, value]) => source.changed(key, value)),
      ...gone.map((key) => source.changed(key, null)),
    ];
    return told.filter((event) => event !== null);
  }

  #hear(news: { key: string; event: News } | null): void {
    if (news === null || this.#news.size >= MOST_NEWS) this.#missed = true;
    else this.#news.set(news.key, news.event);
    this.#cancelBatch ??= this.#scheduleBatch();
  }

  #scheduleBatch(): () => void {
    const { clock, batchMs } = this.#options;
    return clock.after(Math.max(0, this.#sentAt + batchMs - clock.monotonicMs()), () => {
      this.#cancelBatch = null;
      this.#sentAt = clock.monotonicMs();
      const news = [...this.#news.values()];
      this.#news.clear();
      // What was missed is read at the next look; until then what is known goes on.
      this.#tell(news);
    });
  }

  #tell(events: readonly News[]): void {
    if (events.length === 0) return;
    const at = toInstant(this.#options.clock.now());
    const text = JSON.stringify(events.map((event) => ({ ...event, mode: 'values', at })));
    for (const listener of this.#listeners) listener.events(text);
  }

  #tellAnew(): void {
    this.#missed = false;
    const text = this.itemsText;
    if (text !== null) for (const listener of this.#listeners) listener.snapshot(text, true);
  }
}

function textOf(items: ReadonlyMap<string, string>): string {
  return `[${[...items.values()].join(',')}]`;
}
