import type { KeyRecord, KeyStore, NewKey } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import { openStoresOnce } from './opened-stores.ts';
import { unique } from './store-records.ts';

export type KeysUnderTest = { keys: KeyStore; elapse: (ms: number) => Promise<void>; close: () => Promise<void> };

const HOUR = 3_600_000;
const DIGEST = 'ab'.repeat(32);

let made = 0;

/** Ids that sort by the order in which they were made. */
function nextId(): string {
  made += 1;
  return `01900000-0000-7000-8000-${made.toString(16).padStart(12, '0')}`;
}

/** What every KeyStore promises. */
export function keyStoreConformance(name: string, open: () => Promise<KeysUnderTest>): void {
  describe(`the key store ${name}`, () => {
    const stores = openStoresOnce(open);

    function add(parts: Partial<NewKey> = {}): Promise<KeyRecord> {
      const key = { id: nextId(), tenant: 'acme', name: 'a key', role: 'member' as const, digest: DIGEST };
      return stores().keys.add({ ...key, expiresInMs: null, ...parts });
    }

    async function find(id: string): Promise<KeyRecord | undefined> {
      return (await stores().keys.find([id]))[0];
    }

    test('says whether a key was ever made, revoked ones included', async () => {
      expect(await stores().keys.hasAny()).toBe(false);
      const { id } = await add();
      expect(await stores().keys.hasAny()).toBe(true);
      await stores().keys.revoke({ id, tenant: null });
      expect(await stores().keys.hasAny()).toBe(true);
    });

    test('gives back what was added, by its id', async () => {
      const key = await add({ name: 'ci "quoted" 日', role: 'admin' });

      expect(key).toMatchObject({
        tenant: 'acme',
        name: 'ci "quoted" 日',
        role: 'admin',
        digest: DIGEST,
        isLive: true,
      });
      expect(key).toMatchObject({ lastUsedAt: null, expiresAt: null, revokedAt: null });
      expect(await stores().keys.find([nextId(), key.id])).toEqual([key]);
    });

    test('a key is revoked by its tenant or by nobody, once and for ever', async () => {
      const { id } = await add();
      expect(await stores().keys.revoke({ id, tenant: 'globex' })).toBeNull();
      expect(await find(id)).toMatchObject({ isLive: true });

      const revoked = await stores().keys.revoke({ id, tenant: 'acme' });
      expect(revoked).toMatchObject({ isLive: false, revokedAt: expect.any(Number) });
      await stores().elapse(HOUR);
      const again = await stores().keys.revoke({ id, tenant: null });
      expect(again?.isLive).toBe(false);
      expect(again).toEqual(await find(id));
      expect(await stores().keys.revoke({ id: nextId(), tenant: null })).toBeNull();
    });

    test('a key that expires is live until then', async () => {
      const { id, createdAt, expiresAt } = await add({ expiresInMs: HOUR });
      expect((expiresAt ?? 0) - createdAt).toBe(HOUR);
      await stores().elapse(HOUR - 60_000);
      expect(await find(id)).toMatchObject({ isLive: true });
      await stores().elapse(2 * 60_000);
      expect(await find(id)).toMatchObject({ isLive: false, revokedAt: null });
    });

    test('keys are listed newest first, page by page, of one tenant or of all', async () => {
      const tenants = [unique('t'), unique('t')] as const;
      const keys = [];
      for (let i = 0; i < 6; i += 1) keys.push(await add({ tenant: tenants[i % 2] ?? '' }));
      const newestFirst = keys.map(({ id }) => id).toReversed();
      const list = async (tenant: string | null, limit: number, beforeId: string | null) =>
        (await stores().keys.list({ tenant, limit, beforeId })).map(({ id }) => id);

      expect(await list(null, 6, null)).toEqual(newestFirst);
      expect(await list(tenants[1], 2, null)).toEqual([newestFirst[0], newestFirst[2]]);
      expect(await list(tenants[1], 2, newestFirst[2] ?? '')).toEqual([newestFirst[4]]);
    });

    test('notes that keys are in use', async () => {
      const [used, other] = [await add(), await add()];
      await stores().keys.touch([used.id, nextId()]);

      expect(await find(used.id)).toMatchObject({ lastUsedAt: expect.any(Number) });
      expect(await find(other.id)).toMatchObject({ lastUsedAt: null });
    });
  });
}
