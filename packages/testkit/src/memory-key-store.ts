import type { KeyRecord, KeyStore } from '@weft/engine/ports';

import type { FakeClock } from './fake-clock.ts';

type Row = Omit<KeyRecord, 'isLive'>;

/** API keys in memory, whose time is that of a clock. */
export function createMemoryKeyStore(clock: Pick<FakeClock, 'now'>): KeyStore {
  const rows = new Map<string, Row>();
  const seen = (row: Row): KeyRecord => {
    const isLive = row.revokedAt === null && (row.expiresAt === null || row.expiresAt > clock.now());
    return { ...row, isLive };
  };
  return {
    async add({ expiresInMs, ...key }) {
      const expiresAt = expiresInMs === null ? null : clock.now() + expiresInMs;
      const row = { ...key, createdAt: clock.now(), lastUsedAt: null, expiresAt, revokedAt: null };
      rows.set(row.id, row);
      return seen(row);
    },
    async find(ids) {
      return ids.flatMap((id) => rows.get(id) ?? []).map(seen);
    },
    async list({ tenant, limit, beforeId }) {
      const wanted = Array.from(rows.values()).filter(
        (row) => (tenant === null || row.tenant === tenant) && (beforeId === null || row.id < beforeId),
      );
      return wanted
        .toSorted((a, b) => (a.id > b.id ? -1 : 1))
        .slice(0, limit)
        .map(seen);
    },
    async revoke({ id, tenant }) {
      const row = rows.get(id);
      if (!row || (tenant !== null && row.tenant !== tenant)) return null;
      row.revokedAt ??= clock.now();
      return seen(row);
    },
    async touch(ids) {
      for (const id of ids) Object.assign(rows.get(id) ?? {}, { lastUsedAt: clock.now() });
    },
    hasAny: async () => rows.size > 0,
  };
}
