/** What happens next, in virtual time. One thing happens after the other, so the same agenda always goes the same way. */
/** Who does things: never when dead, later when paused. */
export type Actor = { readonly isAlive: boolean; readonly pausedUntil: number };

type Entry = { at: number; order: number; process: Actor | null; call: () => void; isOff: boolean };

export class Agenda {
  /** Virtual milliseconds since the world began. */
  now = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  /**
   * Calls after `ms`. What a process is to do happens while it runs: later if it is paused, never if it is dead. Returns the
   * function that takes it back.
   */
  after(ms: number, process: Actor | null, call: () => void): () => void {
    const entry = { at: this.now + Math.max(0, ms), order: this.#order++, process, call, isOff: false };
    this.#push(entry);
    return () => {
      entry.isOff = true;
    };
  }

  /** Does the next thing, and all that follows from it at once. False if there is nothing left. */
  async step(): Promise<boolean> {
    const entry = this.#pop();
    if (!entry) return false;
    const { process } = entry;
    if (entry.isOff || process?.isAlive === false) return true;
    this.now = Math.max(this.now, entry.at);
    if (process && process.pausedUntil > this.now) {
      entry.at = process.pausedUntil;
      entry.order = this.#order++;
      this.#push(entry);
      return true;
    }
    entry.call();
    await settled();
    return true;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    for (let up = (index - 1) >> 1; index > 0 && isBefore(entry, heap[up]); up = (index - 1) >> 1) {
      heap[index] = heap[up] as Entry;
      index = up;
    }
    heap[index] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let index = 0;
    for (let down = 1; down < heap.length; down = 2 * index + 1) {
      if (isBefore(heap[down + 1], heap[down])) down += 1;
      if (!isBefore(heap[down], last)) break;
      heap[index] = heap[down] as Entry;
      index = down;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Entry | undefined, b: Entry | undefined): boolean {
  return a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.order < b.order));
}

/** Nothing in a world waits for anything but promises, so all is done when the loop comes round. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
