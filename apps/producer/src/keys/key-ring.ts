import type { Clock, KeyRecord, KeyStore, Log } from '@weft/engine/ports';

import { digestOf, isSameDigest } from './api-key.ts';
import type { ApiKeyParts } from './api-key.ts';
import { HeldKeys } from './held-keys.ts';

export type KeyRingDeps = { keys: KeyStore; clock: Pick<Clock, 'after' | 'monotonicMs'>; log: Log };

/** How often all keys in use are looked at again. */
export const REFRESH_MS = 2000;
/** What was last seen longer ago is not believed: then a call waits for a look of its own. */
const BELIEVED_MS = 4000;
const FIND_AT_ONCE = 1000;

type Seen = { key: KeyRecord | undefined; seenAt: number };

/** `wrong`: there is no such key, or its secret is another one. */
export type Verdict = { kind: 'live'; key: KeyRecord } | { kind: 'wrong' | 'revoked' | 'expired' };

/**
 * The keys that this process has verified. A call with one of them costs no read: all keys in use are looked at every two
 * seconds together, and who watches by a key that is not live any more is told. So a revocation made anywhere takes effect
 * here within a few seconds.
 */
export class KeyRing {
  readonly #deps: KeyRingDeps;
  readonly #held = new HeldKeys();
  /** Those who came while no key was needed. */
  readonly #unkeyed = new Set<() => void>();
  /** Looks that are under way: whoever wants the same shares them. */
  readonly #finding = new Map<string, Promise<Seen>>();
  #asking: Promise<boolean> | null = null;
  #any: { found: boolean; seenAt: number } = { found: false, seenAt: Number.NEGATIVE_INFINITY };
  #cancelTick: (() => void) | null = null;
  #closed = false;

  constructor(deps: KeyRingDeps) {
    this.#deps = deps;
  }

  /** The key, if it was verified here lately: then nothing is read. */
  recall({ id, secret }: ApiKeyParts): KeyRecord | null {
    const held = this.#held.get(id);
    if (!held || this.#now - held.seenAt >= BELIEVED_MS || !isSameDigest(digestOf(secret), held.key.digest))
      return null;
    this.#hold(held.key, held.seenAt);
    return held.key;
  }

  /** Looks the key up. Throws StoreError. */
  async verify({ id, secret }: ApiKeyParts): Promise<Verdict> {
    const { key, seenAt } = await this.#find(id);
    if (!isSameDigest(digestOf(secret), key?.digest ?? NO_DIGEST) || !key) return { kind: 'wrong' };
    if (!key.isLive) return { kind: key.revokedAt === null ? 'expired' : 'revoked' };
    this.#hold(key, seenAt);
    return { kind: 'live', key };
  }

  /** Whether a key was ever made. It is looked for now and then until there is one. Throws StoreError. */
  async hasAny(): Promise<boolean> {
    if (this.#any.found || this.#now - this.#any.seenAt < REFRESH_MS) return this.#any.found;
    this.#asking ??= this.#askForAny().finally(() => (this.#asking = null));
    return this.#asking;
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
    this.#any = { found: true, seenAt: this.#now };
    if (this.#held.get(id)) await this.#refresh([id]);
  }

  /** Looks no more. */
  close(): void {
    this.#closed = true;
    this.#cancelTick?.();
  }

  get #now(): number {
    return this.#deps.clock.monotonicMs();
  }

  #hold(key: KeyRecord, seenAt: number): void {
    this.#held.hold(key, { seenAt, now: this.#now });
    this.#keepLooking();
  }

  #find(id: string): Promise<Seen> {
    const under = this.#finding.get(id);
    if (under) return under;
    const seenAt = this.#now;
    const look = this.#deps.keys
      .find([id])
      .then(([key]) => ({ key, seenAt }))
      .finally(() => this.#finding.delete(id));
    this.#finding.set(id, look);
    return look;
  }

  async #askForAny(): Promise<boolean> {
    const seenAt = this.#now;
    const found = await this.#deps.keys.hasAny();
    this.#any = { found: found || this.#any.found, seenAt };
    return this.#any.found;
  }

  #keepLooking(): void {
    if (this.#closed || this.#cancelTick || this.#held.size + this.#unkeyed.size === 0) return;
    this.#cancelTick = this.#deps.clock.after(REFRESH_MS, () => void this.#tick());
  }

  async #tick(): Promise<void> {
    try {
      this.#held.dropIdle(this.#now);
      const { ids } = this.#held;
      for (let i = 0; i < ids.length; i += FIND_AT_ONCE) await this.#refresh(ids.slice(i, i + FIND_AT_ONCE));
      if (this.#unkeyed.size > 0 && (await this.hasAny())) tellOnce(this.#unkeyed);
      await this.#touch();
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'the keys in use could not be looked at; it is tried again');
    }
    this.#cancelTick = null;
    this.#keepLooking();
  }

  async #refresh(ids: readonly string[]): Promise<void> {
    const seenAt = this.#now;
    const found = new Map((await this.#deps.keys.find(ids)).map((key) => [key.id, key]));
    for (const id of ids) {
      const held = this.#held.get(id);
      const key = found.get(id);
      if (held && key?.isLive) Object.assign(held, { key, seenAt });
      else tellOnce(this.#held.drop(id));
    }
  }

  async #touch(): Promise<void> {
    const now = this.#now;
    const due = this.#held.toTouch(now);
    if (due.length === 0) return;
    await this.#deps.keys.touch(due.map(([id]) => id));
    for (const [, held] of due) held.touchedAt = now;
  }
}

/** What an unknown key is compared with, so that it takes as long as a known one. */
const NO_DIGEST = digestOf('');

function tellOnce(watchers: Set<() => void>): void {
  const told = Array.from(watchers);
  watchers.clear();
  for (const watcher of told) watcher();
}
