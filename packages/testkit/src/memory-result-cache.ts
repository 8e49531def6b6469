import type { CacheEntry, CacheLease, CachedResult, CacheRequest, Clock, ResultCache } from '@weft/engine/ports';

type Row = {
  lease: { holder: string; until: number } | null;
  kept: { result: CachedResult; storedAt: number; expiresAt: number } | null;
};

/** A result cache whose time is that of a clock that stands still between events. */
export function createMemoryResultCache(clock: Pick<Clock, 'now'>): ResultCache {
  const rows = new Map<string, Row>();
  const rowOf = ({ tenant, key }: CacheEntry): Row => {
    const name = JSON.stringify([tenant, key]);
    const row = rows.get(name) ?? { lease: null, kept: null };
    rows.set(name, row);
    return row;
  };
  const ownRow = (lease: CacheLease): Row | null => {
    const row = rowOf(lease);
    return row.lease?.holder === lease.holder ? row : null;
  };
  const isFresh = ({ kept }: Row, { ttlMs, since }: CacheRequest): boolean => {
    if (kept === null) return false;
    if (since !== null && kept.storedAt >= since) return true;
    return kept.expiresAt > clock.now() && kept.storedAt > clock.now() - ttlMs;
  };
  return {
    async claim(request) {
      const row = rowOf(request);
      if (row.kept !== null && isFresh(row, request)) return { kind: 'hit', result: structuredClone(row.kept.result) };
      const { holder, leaseMs } = request;
      if (row.lease !== null && row.lease.until > clock.now() && row.lease.holder !== holder) {
        return { kind: 'led', askedAt: clock.now() };
      }
      row.lease = { holder, until: clock.now() + leaseMs };
      return { kind: 'leading' };
    },
    async renew(lease, leaseMs) {
      const row = ownRow(lease);
      if (row?.lease) row.lease.until = clock.now() + leaseMs;
      return row !== null;
    },
    async keep(lease, { result, ttlMs }) {
      const row = ownRow(lease);
      if (row === null) return;
      row.lease = null;
      row.kept = { result: structuredClone(result), storedAt: clock.now(), expiresAt: clock.now() + ttlMs };
    },
    async release(lease) {
      const row = ownRow(lease);
      if (row !== null) row.lease = null;
    },
  };
}
