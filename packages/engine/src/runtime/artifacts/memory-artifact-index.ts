/** Whose artifacts are, in this process's memory. Runs are never gone here. */
import type { ArtifactIndex, ArtifactRecord, ArtifactUser, NewArtifact } from '../../ports/index.ts';

type Owned = ArtifactRecord & { tenant: string; id: number; touchedAt: number };
type Reference = Owned & { by: ArtifactUser };

export function createMemoryArtifactIndex(now: () => number = Date.now): ArtifactIndex {
  const contents = new Map<string, number>();
  const owned = new Map<string, Owned>();
  const references: Reference[] = [];
  let ids = 0;

  const keyOf = (tenant: string, artifact: string): string => `${tenant}\n${artifact}`;
  const has = (artifact: string): boolean => Array.from(owned.values()).some((one) => one.artifact === artifact);
  const isReferred = ({ tenant, artifact }: Owned): boolean =>
    references.some((one) => one.tenant === tenant && one.artifact === artifact);
  const isUnowned = (artifact: string, olderThanMs: number): boolean =>
    (contents.get(artifact) ?? Number.POSITIVE_INFINITY) < now() - olderThanMs && !has(artifact);

  function refer(one: Owned, by: ArtifactUser): void {
    const isKnown = references.some(
      (known) => known.by.runId === by.runId && known.artifact === one.artifact && known.name === one.name,
    );
    if (!isKnown) references.push({ ...one, id: ++ids, by });
  }

  function own({ by, ...entry }: NewArtifact): void {
    const key = keyOf(entry.tenant, entry.artifact);
    const { id = ++ids, createdAt = now() } = owned.get(key) ?? {};
    const one = { ...entry, id, createdAt, touchedAt: now(), by: null };
    owned.set(key, one);
    if (by) refer(one, by);
  }

  return {
    async claim({ artifact }) {
      contents.set(artifact, now());
    },
    async record(entry) {
      if (!contents.has(entry.artifact)) return false;
      contents.set(entry.artifact, now());
      own(entry);
      return true;
    },
    async find(tenant, artifact, by) {
      const one = owned.get(keyOf(tenant, artifact));
      if (!one) return null;
      one.touchedAt = now();
      const isKnown = references.some((known) => known.by.runId === by?.runId && known.artifact === artifact);
      if (by && !isKnown) refer(one, by);
      return toRecord(one);
    },
    async list({ tenant, runId, limit, after }) {
      const all = runId === null ? Array.from(owned.values()) : references.filter(({ by }) => by.runId === runId);
      const rest = all.filter((one) => one.tenant === tenant && (after === null || one.id < after));
      const items = rest.toSorted((a, b) => b.id - a.id).slice(0, limit);
      return { items: items.map(toRecord), next: rest.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
    async remove(tenant, artifact) {
      const one = owned.get(keyOf(tenant, artifact));
      if (!one) return 'missing';
      if (isReferred(one)) return 'in_use';
      owned.delete(keyOf(tenant, artifact));
      return 'removed';
    },
    async release({ olderThanMs, limit }) {
      const stale = Array.from(owned).filter(([, one]) => one.touchedAt < now() - olderThanMs && !isReferred(one));
      for (const [key] of stale.slice(0, limit)) owned.delete(key);
      return Math.min(stale.length, limit);
    },
    async unowned({ olderThanMs, limit }) {
      return Array.from(contents.keys(), (artifact) => artifact)
        .filter((artifact) => isUnowned(artifact, olderThanMs))
        .slice(0, limit);
    },
    async collect(artifact, olderThanMs, remove) {
      if (!isUnowned(artifact, olderThanMs)) return false;
      await remove();
      contents.delete(artifact);
      return true;
    },
    async adopt(found) {
      const unknown = found.filter(({ artifact }) => !contents.has(artifact));
      for (const { artifact } of unknown) contents.set(artifact, Number.NEGATIVE_INFINITY);
      return unknown.length;
    },
  };
}

function toRecord({ artifact, bytes, name, mediaType, createdAt, by }: Owned): ArtifactRecord {
  return { artifact, bytes, name, mediaType, createdAt, by };
}
