import type { Json } from '@weft/contract';
import * as fc from 'fast-check';
import { applyPatch } from 'rfc6902';
import { describe, expect, test } from 'vitest';

import { differences } from '../../src/domain/state/differences.ts';

describe('what differs between two values', () => {
  test('says what was there and what is, in the order in which it changes', () => {
    const from = { a: [1, 2, { x: 'old' }], gone: true, same: 0 };
    const to = { a: [1, 3, { x: 'new' }, 4], same: 0, more: null };

    expect(differences(from, to, 10)).toEqual({
      count: 5,
      items: [
        { op: 'remove', path: '/gone', was: true },
        { op: 'replace', path: '/a/1', was: 2, value: 3 },
        { op: 'replace', path: '/a/2/x', was: 'old', value: 'new' },
        { op: 'add', path: '/a/-', value: 4 },
        { op: 'add', path: '/more', value: null },
      ],
    });
  });

  test('shows the first of many, and leaves long values out', () => {
    const from = { a: 1, b: 'x'.repeat(2000), c: 3 };
    const to = { a: 2, b: 'short', c: 4 };

    expect(differences(from, to, 2)).toEqual({
      count: 3,
      items: [
        { op: 'replace', path: '/a', was: 1, value: 2 },
        { op: 'replace', path: '/b', value: 'short' },
      ],
    });
  });

  test('is of whole values where they are no objects', () => {
    expect(differences(null, 'x', 5)).toEqual({
      count: 1,
      items: [{ op: 'replace', path: '', was: null, value: 'x' }],
    });
    expect(differences([1], [1], 5)).toEqual({ count: 0, items: [] });
  });

  test('is a patch, each of whose places held what it says before the first one was applied', () => {
    // The library that applies the patch here sets a prototype where a key is `__proto__`.
    const json = (fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>).filter(
      (value) => !JSON.stringify(value).includes('"__proto__"'),
    );
    fc.assert(
      fc.property(json, json, (from, to) => {
        const { items, count } = differences(from, to, 10_000);
        expect(items).toHaveLength(count);
        const holder = { v: structuredClone(from) };
        const patch = items.map((item) => ({ ...item, path: `/v${item.path}` }));
        expect(applyPatch(holder, patch as Parameters<typeof applyPatch>[1]).filter(Boolean)).toEqual([]);
        expect(holder.v).toEqual(structuredClone(to));
        expect(items.every(({ op, was }) => (was === undefined) === (op === 'add'))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
