import { setImmediate as turn } from 'node:timers/promises';

import type { KeyStore } from '@weft/engine/ports';
import { createFakeClock, createMemoryKeyStore } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { apiKeyText, digestOf, makeApiKey, parseApiKey } from '../src/keys/api-key.ts';
import type { ApiKeyParts } from '../src/keys/api-key.ts';
import { KeyRing, REFRESH_MS } from '../src/keys/key-ring.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** A ring on a store whose reads are counted, and which fails when told to. */
function scene() {
  const clock = createFakeClock();
  const memory = createMemoryKeyStore(clock);
  const state = { finds: 0, isAway: false };
  const keys: KeyStore = {
    ...memory,
    async find(ids) {
      state.finds += 1;
      if (state.isAway) throw new Error('away');
      return memory.find(ids);
    },
  };
  const ring = new KeyRing({ keys, clock, log: SILENT });
  return {
    ring,
    state,
    keys: memory,
    async add(expiresInMs: number | null = null): Promise<ApiKeyParts> {
      const parts = makeApiKey(clock);
      const digest = digestOf(parts.secret);
      await memory.add({ id: parts.id, tenant: 'acme', name: '', role: 'member', digest, expiresInMs });
      return parts;
    },
    async pass(ms: number): Promise<void> {
      for (let left = ms; left > 0; left -= REFRESH_MS / 4) {
        clock.advance(Math.min(left, REFRESH_MS / 4));
        for (let i = 0; i < 5; i += 1) await turn();
      }
    },
  };
}

describe('a key', () => {
  test('is text that holds its id and its secret, and nothing else is one', async () => {
    const parts = makeApiKey(createFakeClock());
    const text = apiKeyText(parts);

    expect(text).toMatch(/^weft_[0-9a-f]{32}_[0-9a-f]{40}$/);
    expect(parseApiKey(text)).toEqual(parts);
    for (const other of [text.slice(1), `${text}0`, text.toUpperCase(), text.replace('_', '-'), 'weft__', ''])
      expect(parseApiKey(other)).toBeNull();
  });

  test('that was verified costs no more reads than one in two seconds, however often it is used', async () => {
    const { ring, state, add, pass } = scene();
    const parts = await add();
    expect(await ring.verify(parts)).toMatchObject({ kind: 'live', key: { tenant: 'acme' } });
    for (let second = 0; second < 10; second += 1) {
      for (let i = 0; i < 100; i += 1) expect(ring.recall(parts)).not.toBeNull();
      await pass(1000);
    }

    expect(state.finds).toBeLessThanOrEqual(7);
    ring.close();
  });

  test('with another secret is wrong, whether the key is known or not', async () => {
    const { ring, add } = scene();
    const parts = await add();
    await ring.verify(parts);
    const forged = { ...parts, secret: 'ab'.repeat(20) };

    expect(ring.recall(forged)).toBeNull();
    expect(await ring.verify(forged)).toEqual({ kind: 'wrong' });
    expect(await ring.verify({ id: crypto.randomUUID(), secret: parts.secret })).toEqual({ kind: 'wrong' });
    expect(ring.recall(parts)).not.toBeNull();
    ring.close();
  });

  test('that is revoked elsewhere ends within five seconds, and who watches by it is told once', async () => {
    const { ring, keys, add, pass } = scene();
    const [parts, other] = [await add(), await add()];
    await ring.verify(parts);
    await ring.verify(other);
    const told: string[] = [];
    ring.watch(parts.id, () => told.push('a'));
    ring.watch(parts.id, () => told.push('b'));
    ring.watch(parts.id, () => told.push('gone'))();
    ring.watch(other.id, () => told.push('other'));
    await keys.revoke({ id: parts.id, tenant: null });
    await pass(5000);

    expect(told).toEqual(['a', 'b']);
    expect(ring.recall(parts)).toBeNull();
    expect(await ring.verify(parts)).toEqual({ kind: 'revoked' });
    ring.watch(parts.id, () => told.push('late'));
    await pass(5000);
    expect(told).toEqual(['a', 'b', 'late']);
    ring.close();
  });

  test('ends at once where it is revoked', async () => {
    const { ring, keys, add } = scene();
    const parts = await add();
    await ring.verify(parts);
    const told: string[] = [];
    ring.watch(parts.id, () => told.push('a'));
    await keys.revoke({ id: parts.id, tenant: null });
    await ring.recheck(parts.id);

    expect(told).toEqual(['a']);
    expect(ring.recall(parts)).toBeNull();
    ring.close();
  });

  test('that expires ends by itself', async () => {
    const { ring, add, pass } = scene();
    const parts = await add(60_000);
    await ring.verify(parts);
    await pass(59_000);
    expect(ring.recall(parts)).not.toBeNull();
    await pass(4000);
    expect(ring.recall(parts)).toBeNull();
    expect(await ring.verify(parts)).toEqual({ kind: 'expired' });
    ring.close();
  });

  test('is not believed in while the store is away, and is afterwards', async () => {
    const { ring, state, add, pass } = scene();
    const parts = await add();
    await ring.verify(parts);
    let told = 0;
    ring.watch(parts.id, () => (told += 1));
    state.isAway = true;
    await pass(5000);
    expect(ring.recall(parts)).toBeNull();
    await expect(ring.verify(parts)).rejects.toThrow('away');
    state.isAway = false;
    await pass(REFRESH_MS);
    expect(ring.recall(parts)).not.toBeNull();
    expect(told).toBe(0);
    ring.close();
  });

  test('in use is noted as such once a minute, and forgotten when it is not used any more', async () => {
    const { ring, keys, state, add, pass } = scene();
    const parts = await add();
    await ring.verify(parts);
    await pass(3000);
    const first = (await keys.find([parts.id]))[0]?.lastUsedAt;
    expect(first).not.toBeNull();
    await pass(120_000);
    expect((await keys.find([parts.id]))[0]?.lastUsedAt).toBe(first);
    const { finds } = state;
    await pass(10_000);
    expect(state.finds).toBe(finds);
    ring.close();
  });
});

test('whoever came before there were keys is told when there is one', async () => {
  const { ring, add, pass } = scene();
  let told = 0;
  expect(await ring.hasAny()).toBe(false);
  ring.watch(null, () => (told += 1));
  await pass(10_000);
  expect(told).toBe(0);
  await add();
  await pass(5000);
  expect(told).toBe(1);
  expect(await ring.hasAny()).toBe(true);
  ring.close();
});
