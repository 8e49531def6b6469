import type { KeyRecord } from '@weft/engine/ports';

/** A key that nobody has used for so long, and nobody watches by, is forgotten. */
const IDLE_MS = 60_000;
/** How often it is written that a key is in use. */
const TOUCH_MS = 60_000;
/** Keys that are held; the one used longest ago goes first. */
const MOST_KEYS = 10_000;

/** Instants are monotonic. `watchers` are told once when the key is not live any more. */
export type HeldKey = {
  key: KeyRecord;
  seenAt: number;
  usedAt: number;
  touchedAt: number;
  readonly watchers: Set<() => void>;
};

/** The keys in use, the one used longest ago first. */
export class HeldKeys {
  readonly #byId = new Map<string, HeldKey>();

  get size(): number {
    return this.#byId.size;
  }

  get ids(): string[] {
    return Array.from(this.#byId.keys());
  }

  get(id: string): HeldKey | undefined {
    return this.#byId.get(id);
  }

  /** Takes note of how a key was seen at an instant, and that it is used. */
  hold(key: KeyRecord, { seenAt, now }: { seenAt: number; now: number }): void {
    const held = this.#byId.get(key.id) ?? { watchers: new Set(), touchedAt: Number.NEGATIVE_INFINITY };
    this.#byId.delete(key.id);
    this.#byId.set(key.id, Object.assign(held, { key, seenAt, usedAt: now }));
    if (this.#byId.size > MOST_KEYS) this.#dropOldest();
  }

  /** Holds a key no longer; gives who watches by it. */
  drop(id: string): Set<() => void> {
    const held = this.#byId.get(id);
    this.#byId.delete(id);
    return held?.watchers ?? new Set();
  }

  dropIdle(now: number): void {
    for (const [id, { usedAt, watchers }] of this.#byId)
      if (watchers.size === 0 && now - usedAt >= IDLE_MS) this.#byId.delete(id);
  }

  /** Keys of which it is to be written again that they are in use; an open connection is a use. */
  toTouch(now: number): [id: string, held: HeldKey][] {
    return Array.from(this.#byId).filter(([, { usedAt, touchedAt, watchers }]) => {
      return now - touchedAt >= TOUCH_MS && (usedAt > touchedAt || watchers.size > 0);
    });
  }

  #dropOldest(): void {
    for (const [id, { watchers }] of this.#byId) {
      if (watchers.size > 0) continue;
      this.#byId.delete(id);
      return;
    }
  }
}
