import { createHash } from 'node:crypto';

import { ArtifactError } from '@weft/engine/ports';
import type { ArtifactStore, ByteRange } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

const ABSENT = 'f'.repeat(64);
const LIMITS = { maxBytes: 1_000_000 };

const hashOf = (body: Uint8Array | string): string => createHash('sha256').update(body).digest('hex');

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array, void> {
  for (const text of texts) yield Buffer.from(text);
}

/** What every ArtifactStore promises. `open` gives an empty one. */
export function artifactStoreConformance(name: string, open: () => Promise<ArtifactStore>): void {
  describe(`the artifact store ${name}`, () => {
    async function textOf(store: ArtifactStore, artifact: string, range?: ByteRange): Promise<string | null> {
      const opened = await store.open(artifact, range);
      return opened && Buffer.concat(await Array.fromAsync(opened.body)).toString();
    }
    const listed = async (store: ArtifactStore) =>
      (await Array.fromAsync(store.list())).map(({ artifact }) => artifact);

    test('keeps a content under its hash, and the same content once', async () => {
      const store = await open();
      const startedAt = Date.now();
      const content = await store.put(pieces('hello ', 'world'), LIMITS);
      expect(await store.put(pieces('hello world'), LIMITS)).toEqual(content);

      expect(content).toEqual({ artifact: hashOf('hello world'), bytes: 11 });
      expect(await textOf(store, content.artifact)).toBe('hello world');
      const [one, ...others] = await Array.fromAsync(store.list());
      expect([one, others]).toMatchObject([content, []]);
      expect(Math.abs((one?.modifiedAt ?? 0) - startedAt)).toBeLessThan(60_000);
    });

    test('keeps an empty content, and one of many pieces and any bytes', async () => {
      const store = await open();
      const all = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
      async function* many(): AsyncGenerator<Uint8Array, void> {
        for (let at = 0; at < all.length; at += 999) yield all.subarray(at, at + 999);
      }
      const empty = await store.put(pieces(), LIMITS);
      const large = await store.put(many(), LIMITS);

      expect(await textOf(store, empty.artifact)).toBe('');
      const opened = await store.open(large.artifact);
      expect(hashOf(Buffer.concat(await Array.fromAsync(opened?.body ?? [])))).toBe(hashOf(all));
    });

    test.each<[string, ByteRange, string]>([
      ['from the middle', { from: 3 }, 'defghij'],
      ['in the middle', { from: 3, to: 5 }, 'def'],
      ['of one byte', { from: 9, to: 9 }, 'j'],
      ['that ends behind the end', { from: 8, to: 100 }, 'ij'],
    ])('reads a range %s, and says how large the whole is', async (_what, range, text) => {
      const store = await open();
      const { artifact } = await store.put(pieces('abcdefghij'), LIMITS);

      expect(await textOf(store, artifact, range)).toBe(text);
      const opened = await store.open(artifact, range);
      expect(opened?.bytes).toBe(10);
      await opened?.body[Symbol.asyncIterator]().return?.();
    });

    test.each<[string, ByteRange]>([
      ['behind the end', { from: 10 }],
      ['before the beginning', { from: -1 }],
      ['that ends before it begins', { from: 5, to: 4 }],
      ['of a fraction', { from: 0.5 }],
    ])('refuses a range %s', async (_what, range) => {
      const store = await open();
      const { artifact } = await store.put(pieces('abcdefghij'), LIMITS);

      await expect(store.open(artifact, range)).rejects.toMatchObject({ code: 'invalid_range', retryable: false });
    });

    test('has nothing under a name that is unknown, or no hash', async () => {
      const store = await open();
      await store.put(pieces('something'), LIMITS);

      for (const artifact of [
        ABSENT,
        '',
        '.',
        '..',
        '../objects',
        `../${ABSENT}`,
        `${ABSENT}\0`,
        ABSENT.toUpperCase(),
      ]) {
        expect(await store.open(artifact)).toBeNull();
        await store.remove(artifact);
      }
      expect(await listed(store)).toEqual([hashOf('something')]);
    });

    test('removes a content, and takes it again', async () => {
      const store = await open();
      const { artifact } = await store.put(pieces('once more'), LIMITS);
      await store.remove(artifact);
      await store.remove(artifact);

      expect([await store.open(artifact), await listed(store)]).toEqual([null, []]);
      await store.put(pieces('once more'), LIMITS);
      expect(await textOf(store, artifact)).toBe('once more');
    });

    test('keeps nothing of a content that is too large, or breaks off, or is not wanted any more', async () => {
      const store = await open();
      const stop = new AbortController();
      async function* broken(then: () => void): AsyncGenerator<Uint8Array, void> {
        yield Buffer.from('a part');
        then();
        yield Buffer.from('another part');
      }
      const fails = () => {
        throw new Error('the source broke off');
      };
      const tooLarge = store.put(pieces('12345', '6'), { maxBytes: 5 });

      await expect(tooLarge).rejects.toBeInstanceOf(ArtifactError);
      await expect(tooLarge).rejects.toMatchObject({ code: 'artifact_too_large', retryable: false });
      await expect(store.put(broken(fails), LIMITS)).rejects.toThrow('the source broke off');
      const aborted = store.put(
        broken(() => stop.abort(new Error('enough'))),
        { ...LIMITS, signal: stop.signal },
      );
      await expect(aborted).rejects.toThrow('enough');
      expect(await listed(store)).toEqual([]);
    });

    test('says what it is about to keep before it keeps it, and keeps nothing where that fails', async () => {
      const store = await open();
      const seen: (string | null)[] = [];
      const claim = async ({ artifact }: { artifact: string }) => void seen.push(await textOf(store, artifact));
      const { artifact } = await store.put(pieces('claimed'), { ...LIMITS, claim });
      const refused = store.put(pieces('not claimed'), {
        ...LIMITS,
        claim: async () => Promise.reject(new Error('no')),
      });

      await expect(refused).rejects.toThrow('no');
      expect(seen).toEqual([null]);
      expect(await listed(store)).toEqual([artifact]);
    });

    test('takes the same content from many at once', async () => {
      const store = await open();
      const put = () => store.put(pieces('at ', 'the ', 'same ', 'time'), LIMITS);
      const contents = await Promise.all(Array.from({ length: 10 }, put));

      expect(new Set(contents.map(({ artifact }) => artifact)).size).toBe(1);
      expect(await textOf(store, contents[0]?.artifact ?? '')).toBe('at the same time');
      expect(await listed(store)).toHaveLength(1);
    });
  });
}
