import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { sha256 } from '../src/domain/sha256.ts';

const expected = (text: string) => createHash('sha256').update(text).digest('hex');
const digest = (text: string) => Buffer.from(sha256(text)).toString('hex');

describe('the SHA-256 of a text', () => {
  test('of any length is that of others, whatever was hashed before', () => {
    const texts = Array.from({ length: 300 }, (_, length) => 'abcdefghij'.repeat(30).slice(0, length));
    for (const text of [...texts, 'x'.repeat(70_000), ...texts.toReversed()]) expect(digest(text)).toBe(expected(text));
  });

  test.each(['é', 'naïve 😀 text', 'a'.repeat(62) + 'ß', '\u0000\u007f\u0080', '日本語'.repeat(40), '\ud800'])(
    'takes the text as UTF-8: %j',
    (text) => {
      expect(digest(text)).toBe(expected(text));
    },
  );
});
