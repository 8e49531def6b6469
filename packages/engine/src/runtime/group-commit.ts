/**
 * Group commit: what arrives while a commit is under way shares the next one.
 *
 * Nothing waits for a timer: if no commit is in flight, the next begins as soon as the caller's turn of the event loop is
 * over. A fixed window costs latency when idle and gains nothing when busy.
 */
export type Group<Item> = {
  add(item: Item): void;
  /** Resolves when nothing is gathered or in flight. */
  idle(): Promise<void>;
  readonly size: number;
};

/** `commit` must take care of every item itself and not throw. */
export function createGroup<Item>({
  commit,
  maxItems,
}: {
  commit: (items: Item[]) => Promise<void>;
  maxItems: number;
}): Group<Item> {
  let gathered: Item[] = [];
  let inFlight: Promise<void> | null = null;

  async function run(): Promise<void> {
    await Promise.resolve(); // let the caller add all it has
    while (gathered.length > 0) {
      const batch = gathered.slice(0, maxItems);
      gathered = gathered.slice(maxItems);
      await commit(batch);
    }
    inFlight = null;
  }

  return {
    add(item) {
      gathered.push(item);
      inFlight ??= run();
    },
    async idle() {
      while (inFlight) await inFlight;
    },
    get size() {
      return gathered.length;
    },
  };
}
