import type { Clock, KeyRecord, KeyStore, Log } from '@weft/engine/ports';

import { digestOf, isSameDigest } from './api-key.ts';
import type { ApiKeyParts } from './api-key.ts';

export type KeyRingDeps = { keys: KeyStore; clock: Pick<Clock, 'after' | 'monotonicMs'>; log: Log };

/** How often all keys in use are looked at again, in one query. */
export const REFRESH_MS = 2000;
/** What was last seen longer ago is not believed: then a call waits for a look of its own. */
const BELIEVED_MS = 4000;
/** A key that nobody has used for so long, and nobody watches by, is forgotten. */
const IDLE_MS = 60_000;
/** How often it is written that a key is in use. */
const TOUCH_MS = 60_000;
/** Keys that are remembered; the one used longest ago goes first. */
const MOST_KEYS = 10_000;
const FIND_AT_ONCE = 1000;

type Held = { key: KeyRecord; seenAt: number; usedAt: number; touchedAt: number; watchers: Set<() => void> };

/** `wrong`: there is no such key, or its secret is another one. */
export type Verdict = { kind: 'live'; key: KeyRecord } | { kind: 'wrong' | 'revoked' | 'expired' };

/**
 * The keys that this process has verified. A call with one of them costs no read: all keys in use are looked at every
 * two seconds together, and who watches by a key that is not live any more is told. So a revocation made anywhere takes effect here
 * within a few seconds.
 */
export class KeyRing {
  readonly #deps: KeyRingDeps;
  readonly #held = new Map<string, Held>();
  /** Those who came while no key was needed. */
  readonly #unkeyed = new Set<() => void>();
  #any: { found: boolean; seenAt: number } = { found: false, seenAt: Number.NEGATIVE_INFINITY };
  #cancelTick: (() => void) | null = null;
  #closed = false;

  constructor(deps: KeyRingDeps) {
    this.#deps = deps;
  }

  /** The key, if it was verified here lately: then nothing is read. */
  recall({ id, secret }: ApiKeyParts): KeyRecord | null {
    const held = this.#held.get(id);
    if (!held || this.#ageOf(held) >= BELIEVED_MS || !isSameDigest(digestOf(secret), held.key.digest)) return null;
    this.#use(id, held);
    return held.key;
  }

  /** Looks the key up. Throws StoreError. */
  async verify({ id, secret }: ApiKeyParts): Promise<Verdict> {
    const { clock, keys } = this.#deps;
    const seenAt = clock.monotonicMs();
    const [key] = await keys.find([id]);
    if (!isSameDigest(digestOf(secret), key?.digest ?? NO_DIGEST) || !key) return { kind: 'wrong' };
    if (!key.isLive) return { kind: key.revokedAt === null ? 'expired' : 'revoked' };
    const held = this.#held.get(id) ?? fresh(key, seenAt);
    this.#use(id, Object.assign(held, { key, seenAt }));
    return { kind: 'live', key };
  }

  /** Whether a key was ever made. It is looked for now and then until there is one. Throws StoreError. */
  async hasAny(): Promise<boolean> {
    const { clock, keys } = this.#deps;
    if (this.#any.found || this.#ageOf(this.#any) < REFRESH_MS) return this.#any.found;
    const seenAt = clock.monotonicMs();
    this.#any = { found: await keys.hasAny(), seenAt };
    return this.#any.found;
  }

  /** Tells once when the key is not live any more, or (null) when keys are needed. Returns the function that takes it back. */
  watch(id: string | null, listener: () => void): () => void {
    const watchers = id === null ? this.#unkeyed : this.#held.get(id)?.watchers;
    // It was lost between the call and this.
    if (!watchers) queueMicrotask(listener);
    watchers?.add(listener);
    this.#keepLooking();
    return () => watchers?.delete(listener);
  }

  /** Looks at this key at once: it was made or changed here. */
  async recheck(id: string): Promise<void> {
    this.#any = { found: true, seenAt: this.#deps.clock.monotonicMs() };
    if (this.#held.has(id)) await this.#refresh([id]);
  }

  /** Looks no more. */
  close(): void {
    this.#closed = true;
    this.#cancelTick?.();
  }

  #use(id: string, held: Held): void {
    held.usedAt = this.#deps.clock.monotonicMs();
    this.#held.delete(id);
    this.#held.set(id, held);
    if (this.#held.size > MOST_KEYS) this.#forgetOldest();
    this.#keepLooking();
  }

  #forgetOldest(): void {
    for (const [id, { watchers }] of this.#held) {
      if (watchers.size > 0) continue;
      this.#held.delete(id);
      return;
    }
  }

  #keepLooking(): void {
    if (this.#closed || this.#cancelTick || this.#held.size + this.#unkeyed.size === 0) return;
    this.#cancelTick = this.#deps.clock.after(REFRESH_MS, () => void this.#tick());
  }

  async #tick(): Promise<void> {
    try {
      this.#forgetIdle();
      const ids = Array.from(this.#held.keys());
      for (let i = 0; i < ids.length; i += FIND_AT_ONCE) await this.#refresh(ids.slice(i, i + FIND_AT_ONCE));
      if (this.#unkeyed.size > 0 && (await this.hasAny())) call(this.#unkeyed);
      await this.#touch();
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'the keys in use could not be looked at; it is tried again');
    }
    this.#cancelTick = null;
    this.#keepLooking();
  }

  async #refresh(ids: readonly string[]): Promise<void> {
    const seenAt = this.#deps.clock.monotonicMs();
    const found = new Map((await this.#deps.keys.find(ids)).map((key) => [key.id, key]));
    for (const id of ids) {
      const held = this.#held.get(id);
      const key = found.get(id);
      if (!held) continue;
      if (key?.isLive) Object.assign(held, { key, seenAt });
      else if (this.#held.delete(id)) call(held.watchers);
    }
  }

  #forgetIdle(): void {
    const now = this.#deps.clock.monotonicMs();
    for (const [id, { usedAt, watchers }] of this.#held)
      if (watchers.size === 0 && now - usedAt >= IDLE_MS) this.#held.delete(id);
  }

  /** Of what is watched it is noted as well: the connection is in use. */
  async #touch(): Promise<void> {
    const now = this.#deps.clock.monotonicMs();
    const due = Array.from(this.#held).filter(([, held]) => {
      const isInUse = held.usedAt > held.touchedAt || held.watchers.size > 0;
      return isInUse && now - held.touchedAt >= TOUCH_MS;
    });
    if (due.length === 0) return;
    await this.#deps.keys.touch(due.map(([id]) => id));
    for (const [, held] of due) held.touchedAt = now;
  }

  #ageOf({ seenAt }: { seenAt: number }): number {
    return this.#deps.clock.monotonicMs() - seenAt;
  }
}

/** What an unknown key is compared with, so that it takes as long as a known one. */
const NO_DIGEST = digestOf('');

function fresh(key: KeyRecord, seenAt: number): Held {
  return { key, seenAt, usedAt: seenAt, touchedAt: Number.NEGATIVE_INFINITY, watchers: new Set() };
}

function call(watchers: Set<() => void>): void {
  const told = Array.from(watchers);
  watchers.clear();
  for (const watcher of told) watcher();
}
