/** A connection to one address that calls share. */
export type Link = { close(): Promise<void> };

/** What nobody has used for so long is closed. */
const IDLE_MS = 600_000;

type Entry<T> = { link: T; users: number; usedAt: number };

/** Connections by address, opened on first use and closed when they have been idle. */
export class Links<T extends Link> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #open: (key: string) => T;

  constructor(open: (key: string) => T) {
    this.#open = open;
  }

  async use<R>(key: string, work: (link: T) => Promise<R>): Promise<R> {
    this.#closeIdle();
    const entry = this.#entries.get(key) ?? { link: this.#open(key), users: 0, usedAt: 0 };
    this.#entries.set(key, entry);
    entry.users += 1;
    try {
      return await work(entry.link);
    } finally {
      entry.users -= 1;
      entry.usedAt = performance.now();
    }
  }

  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(({ link }) => link.close()));
  }

  #closeIdle(): void {
    for (const [key, { link, users, usedAt }] of this.#entries) {
      if (users > 0 || performance.now() - usedAt < IDLE_MS) continue;
      this.#entries.delete(key);
      void link.close().catch(() => undefined);
    }
  }
}
