import type { CachedResult, CacheLease, CacheRequest } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import { openStoresOnce } from './opened-stores.ts';
import type { StoresUnderTest } from './opened-stores.ts';
import { unique } from './store-records.ts';

type ResultsUnderTest = Pick<StoresUnderTest, 'results' | 'elapse' | 'close'>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const RESULT = { output: { text: 'a "quoted" \\ line\nand {braces}', n: 1.5, none: null } };

/** What every ResultCache promises. */
export function resultCacheConformance(name: string, open: () => Promise<ResultsUnderTest>): void {
  describe(`the result cache ${name}`, () => {
    const stores = openStoresOnce(open);
    const newLease = (parts: Partial<CacheLease> = {}): CacheLease => ({
      tenant: 'acme',
      key: unique('key'),
      holder: unique('holder'),
      ...parts,
    });
    const claim = (lease: CacheLease, parts: Partial<CacheRequest> = {}) =>
      stores().results.claim({ ...lease, ttlMs: HOUR, leaseMs: MINUTE, since: null, ...parts });
    const other = (lease: CacheLease): CacheLease => ({ ...lease, holder: unique('holder') });
    /** An entry with a result. */
    async function kept(ttlMs = HOUR, result: CachedResult = RESULT): Promise<CacheLease> {
      const lease = newLease();
      await claim(lease);
      await stores().results.keep(lease, { result, ttlMs });
      return lease;
    }

    describe('an entry without a result', () => {
      test('is led by the first to ask, and by nobody else meanwhile', async () => {
        const lease = newLease();

        expect(await claim(lease)).toEqual({ kind: 'leading' });
        expect(await claim(other(lease))).toMatchObject({ kind: 'led' });
        expect(await claim(lease)).toEqual({ kind: 'leading' });
      });

      test('is led by one of many who ask at once', async () => {
        const lease = newLease();
        const answers = await Promise.all(Array.from({ length: 20 }, () => claim(other(lease))));

        expect(answers.filter(({ kind }) => kind === 'leading')).toHaveLength(1);
        expect(answers.filter(({ kind }) => kind === 'led')).toHaveLength(19);
      });

      test('is led by one of many who ask at once when the lease has passed', async () => {
        const lease = newLease();
        await claim(lease);
        await stores().elapse(2 * MINUTE);
        const answers = await Promise.all(Array.from({ length: 20 }, () => claim(other(lease))));

        expect(answers.filter(({ kind }) => kind === 'leading')).toHaveLength(1);
      });

      test('is led by the next one at once when the leader has given up', async () => {
        const lease = newLease();
        await claim(lease);
        await stores().results.release(lease);

        expect(await claim(other(lease))).toEqual({ kind: 'leading' });
      });

      test('is led by the next one when the lease was not renewed', async () => {
        const lease = newLease();
        await claim(lease);
        await stores().elapse(MINUTE - 5000);
        expect(await claim(other(lease))).toMatchObject({ kind: 'led' });

        await stores().elapse(10_000);
        expect(await claim(other(lease))).toEqual({ kind: 'leading' });
      });

      test('goes on being led by who renews the lease', async () => {
        const lease = newLease();
        await claim(lease);
        await stores().elapse(MINUTE - 5000);
        expect(await stores().results.renew(lease, MINUTE)).toBe(true);
        await stores().elapse(10_000);

        expect(await claim(other(lease))).toMatchObject({ kind: 'led' });
      });

      test('takes nothing from a leader who was followed by another', async () => {
        const { results, elapse } = stores();
        const late = newLease();
        const next = other(late);
        await claim(late);
        await elapse(2 * MINUTE);
        await claim(next);

        expect(await results.renew(late, MINUTE)).toBe(false);
        await results.keep(late, { result: RESULT, ttlMs: HOUR });
        await results.release(late);
        expect(await claim(other(late))).toMatchObject({ kind: 'led' });
        await results.keep(next, { result: { output: 'next' }, ttlMs: HOUR });
        expect(await claim(other(late))).toEqual({ kind: 'hit', result: { output: 'next' } });
      });
    });

    describe('an entry with a result', () => {
      test('gives it to everybody who asks', async () => {
        const lease = await kept();

        expect(await claim(other(lease))).toEqual({ kind: 'hit', result: RESULT });
        expect(await claim(lease)).toEqual({ kind: 'hit', result: RESULT });
      });

      test.each([
        ['null', { output: null }],
        ['text', { output: 'null' }],
        ['state updates', { output: [], stateUpdates: { total: 1, list: ['a'] } }],
        ['no state updates', { output: 0, stateUpdates: {} }],
      ])('gives %s as it was', async (_, result) => {
        expect(await claim(other(await kept(HOUR, result)))).toEqual({ kind: 'hit', result });
      });

      test('belongs to its tenant and its key', async () => {
        const lease = await kept();

        expect(await claim({ ...other(lease), tenant: 'globex' })).toEqual({ kind: 'leading' });
        expect(await claim({ ...other(lease), key: unique('key') })).toEqual({ kind: 'leading' });
      });

      test('forgets it after the time to live that it was stored with', async () => {
        const lease = await kept(MINUTE);
        await stores().elapse(MINUTE - 5000);
        expect(await claim(other(lease))).toMatchObject({ kind: 'hit' });

        await stores().elapse(10_000);
        expect(await claim(other(lease))).toEqual({ kind: 'leading' });
      });

      test('does not give it to who wants a younger one, and goes on giving it to others', async () => {
        const lease = await kept();
        await stores().elapse(2 * MINUTE);

        expect(await claim(other(lease), { ttlMs: MINUTE })).toEqual({ kind: 'leading' });
        expect(await claim(other(lease), { ttlMs: MINUTE })).toMatchObject({ kind: 'led' });
        expect(await claim(other(lease))).toMatchObject({ kind: 'hit' });
      });

      test('gives it to who waited for it, although its time is over', async () => {
        const { results, elapse } = stores();
        const lease = newLease();
        await claim(lease);
        const waiting = await claim(other(lease), { ttlMs: 1 });
        const since = waiting.kind === 'led' ? waiting.askedAt : Number.NaN;
        await results.keep(lease, { result: RESULT, ttlMs: 1 });

        expect(await claim(other(lease), { ttlMs: 1, since })).toMatchObject({ kind: 'hit' });
        await elapse(MINUTE);
        expect(await claim(other(lease), { ttlMs: 1 })).toEqual({ kind: 'leading' });
      });

      test('keeps it when who wanted a younger one has given up', async () => {
        const lease = await kept();
        await stores().elapse(2 * MINUTE);
        const picky = other(lease);
        await claim(picky, { ttlMs: MINUTE });
        await stores().results.release(picky);

        expect(await claim(other(lease))).toEqual({ kind: 'hit', result: RESULT });
      });
    });
  });
}
