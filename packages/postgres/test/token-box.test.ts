import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { NO_SECRET_KEYS, parseSecretKey, parseSecretKeys, SecretKeyError } from '../src/secret-keys.ts';
import { TokenBox } from '../src/token-box.ts';

const OWNER = { tenant: 'acme', name: 'writer' };
const newKey = () => parseSecretKey(randomBytes(32).toString('base64'), 'a key');

describe('a key', () => {
  test('is 32 bytes in base64, in base64 for URLs or in hexadecimal, and has the same id in each', () => {
    const bytes = randomBytes(32);
    const texts = [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')];
    const keys = texts.map((text) => parseSecretKey(text, 'WEFT_ENCRYPTION_KEY'));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
    for (const key of keys) expect(key.bytes.equals(bytes)).toBe(true);
    expect(bytes.toString('hex')).not.toContain(keys[0]?.id);
  });

  test.each(['', 'short', 'z'.repeat(64), Buffer.alloc(31, 7).toString('base64'), 'ab'.repeat(33)])(
    'that is none is refused by the name of its setting, and is not told: %j',
    (text) => {
      const parse = () => parseSecretKey(text, 'WEFT_ENCRYPTION_KEY');
      expect(parse).toThrow(SecretKeyError);
      expect(parse).toThrow(/^WEFT_ENCRYPTION_KEY must be 32 bytes in base64 or hexadecimal/);
      if (text !== '') expect(parse).not.toThrow(text);
    },
  );

  test('stands among others, separated by commas or line breaks', () => {
    const [a, b] = [newKey(), newKey()];
    const text = `${a.bytes.toString('hex')},\n ${b.bytes.toString('base64')}\n`;
    expect(parseSecretKeys(text, 'x').map(({ id }) => id)).toEqual([a.id, b.id]);
    expect(() => parseSecretKeys(`${a.bytes.toString('hex')} oops`, 'OLD')).toThrow(/^key 2 of OLD must be/);
  });
});

describe('a token that is put into the box', () => {
  const key = newKey();
  const box = new TokenBox({ present: key, old: [] });

  test('comes out as it was, and looks different each time', () => {
    const [one, two] = [box.seal('tökén', OWNER), box.seal('tökén', OWNER)];
    if (!one || !two) throw new Error('it was not sealed');
    expect(box.open(one, OWNER)).toBe('tökén');
    expect(one.keyId).toBe(key.id);
    expect(one.sealed.equals(two.sealed)).toBe(false);
    expect(one.sealed.includes('tökén')).toBe(false);
  });

  test('comes out for its tenant and its endpoint only, and not once a bit of it has changed', () => {
    const one = box.seal('secret', OWNER);
    if (!one) throw new Error('it was not sealed');
    expect(box.open(one, { ...OWNER, tenant: 'globex' })).toBeNull();
    expect(box.open(one, { ...OWNER, name: 'writer2' })).toBeNull();
    for (let at = 0; at < one.sealed.length; at += 1) {
      const bent = Buffer.from(one.sealed);
      bent[at] = (bent[at] ?? 0) ^ 1;
      expect(box.open({ ...one, sealed: bent }, OWNER)).toBeNull();
    }
    expect(box.open({ ...one, sealed: Buffer.alloc(3) }, OWNER)).toBeNull();
    expect(box.open({ ...one, nonce: Buffer.alloc(0) }, OWNER)).toBeNull();
  });

  test('is read by whoever has its key among the old ones, and by nobody without it', () => {
    const one = box.seal('secret', OWNER);
    if (!one) throw new Error('it was not sealed');
    const next = new TokenBox({ present: newKey(), old: [newKey(), key] });
    expect(next.open(one, OWNER)).toBe('secret');
    expect(new TokenBox({ present: newKey(), old: [] }).open(one, OWNER)).toBeNull();
    const empty = new TokenBox(NO_SECRET_KEYS);
    expect(empty.open(one, OWNER)).toBeNull();
    expect(empty.seal('secret', OWNER)).toBeNull();
  });
});
