import { randomUUID } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { longId, shortId } from '../src/short-id.ts';

describe('a short id', () => {
  test('of a UUID has 22 characters and gives it back', () => {
    for (const id of [randomUUID(), '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']) {
      expect(shortId(id)).toHaveLength(22);
      expect(longId(shortId(id))).toBe(id);
    }
  });

  test.each(['', 'a', "'", 'AAAAAAAAAAAAAAAAAAAAAA', randomUUID().toUpperCase(), `${randomUUID()}0`])(
    'of anything else gives it back as it was: %j',
    (id) => {
      expect(longId(shortId(id))).toBe(id);
    },
  );

  test('differs from that of any other id', () => {
    const id = randomUUID();
    expect(shortId(shortId(id))).not.toBe(shortId(id));
  });
});
