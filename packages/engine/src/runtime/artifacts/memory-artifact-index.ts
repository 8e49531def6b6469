/** Whose artifacts are, in this process's memory. Runs are never gone here. */
import type { ArtifactIndex, ArtifactRecord, ArtifactUser, NewArtifact } from '../../ports/index.ts';

type Owned = ArtifactRecord & { tenant: string; id: number; touchedAt: number };
type Reference = Owned & { by: ArtifactUser };

export function createMemoryArtifactIndex(now: () => number = Date.now): ArtifactIndex {
  return new MemoryArtifactIndex(now);
}

class MemoryArtifactIndex implements ArtifactIndex {
  readonly #now: () => number;
  readonly #contents = new Map<string, number>();
  readonly #owned = new Map<string, Owned>();
  readonly #references: Reference[] = [];
  #ids = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  async claim({ artifact }: Parameters<ArtifactIndex['claim']>[0]): Promise<void> {
    this.#contents.set(artifact, this.#now());
  }

  async record(entry: NewArtifact): Promise<boolean> {
    if (!this.#contents.has(entry.artifact)) return false;
    this.#contents.set(entry.artifact, this.#now());
    this.#own(entry);
    return true;
  }

  async find(tenant: string, artifact: string, by: ArtifactUser | null): Promise<ArtifactRecord | null> {
    const one = this.#owned.get(keyOf(tenant, artifact));
    if (!one) return null;
    one.touchedAt = this.#now();
    const isKnown = this.#references.some((known) => known.by.runId === by?.runId && known.artifact === artifact);
    if (by && !isKnown) this.#refer(one, by);
    return toRecord(one);
  }

  async list({ tenant, runId, limit, after }: Parameters<ArtifactIndex['list']>[0]): ReturnType<ArtifactIndex['list']> {
    const all =
      runId === null ? Array.from(this.#owned.values()) : this.#references.filter(({ by }) => by.runId === runId);
    const rest = all.filter((one) => one.tenant === tenant && (after === null || one.id < after));
    const items = rest.toSorted((a, b) => b.id - a.id).slice(0, limit);
    return { items: items.map(toRecord), next: rest.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async remove(tenant: string, artifact: string): ReturnType<ArtifactIndex['remove']> {
    const one = this.#owned.get(keyOf(tenant, artifact));
    if (!one) return 'missing';
    if (this.#isReferred(one)) return 'in_use';
    this.#owned.delete(keyOf(tenant, artifact));
    return 'removed';
  }

  async release({ olderThanMs, limit }: Parameters<ArtifactIndex['release']>[0]): Promise<number> {
    const isStale = (one: Owned): boolean => one.touchedAt < this.#now() - olderThanMs && !this.#isReferred(one);
    const stale = Array.from(this.#owned).filter(([, one]) => isStale(one));
    for (const [key] of stale.slice(0, limit)) this.#owned.delete(key);
    return Math.min(stale.length, limit);
  }

  async unowned({ olderThanMs, limit }: Parameters<ArtifactIndex['unowned']>[0]): Promise<string[]> {
    return Array.from(this.#contents.keys())
      .filter((artifact) => this.#isUnowned(artifact, olderThanMs))
      .slice(0, limit);
  }

  async collect(artifact: string, olderThanMs: number, remove: () => Promise<void>): Promise<boolean> {
    if (!this.#isUnowned(artifact, olderThanMs)) return false;
    await remove();
    this.#contents.delete(artifact);
    return true;
  }

  async adopt(found: Parameters<ArtifactIndex['adopt']>[0]): Promise<number> {
    const unknown = found.filter(({ artifact }) => !this.#contents.has(artifact));
    for (const { artifact } of unknown) this.#contents.set(artifact, Number.NEGATIVE_INFINITY);
    return unknown.length;
  }

  #own({ by, ...entry }: NewArtifact): void {
    const key = keyOf(entry.tenant, entry.artifact);
    const { id = ++this.#ids, createdAt = this.#now() } = this.#owned.get(key) ?? {};
    const one = { ...entry, id, createdAt, touchedAt: this.#now(), by: null };
    this.#owned.set(key, one);
    if (by) this.#refer(one, by);
  }

  #refer(one: Owned, by: ArtifactUser): void {
    const isKnown = this.#references.some(
      (known) => known.by.runId === by.runId && known.artifact === one.artifact && known.name === one.name,
    );
    if (!isKnown) this.#references.push({ ...one, id: ++this.#ids, by });
  }

  #isReferred({ tenant, artifact }: Owned): boolean {
    return this.#references.some((one) => one.tenant === tenant && one.artifact === artifact);
  }

  #isUnowned(artifact: string, olderThanMs: number): boolean {
    const claimedAt = this.#contents.get(artifact) ?? Number.POSITIVE_INFINITY;
    const isOwned = Array.from(this.#owned.values()).some((one) => one.artifact === artifact);
    return claimedAt < this.#now() - olderThanMs && !isOwned;
  }
}

function keyOf(tenant: string, artifact: string): string {
  return `${tenant}\n${artifact}`;
}

function toRecord({ artifact, bytes, name, mediaType, createdAt, by }: Owned): ArtifactRecord {
  return { artifact, bytes, name, mediaType, createdAt, by };
}
