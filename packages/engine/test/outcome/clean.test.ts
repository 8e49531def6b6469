import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanJson, type Cleaned } from '../../src/domain/outcome/clean.ts';

const LIMITS = { maxBytes: 10_000, maxDepth: 50 };
const clean = (value: unknown, limits = LIMITS): Cleaned => cleanJson(value, limits);
const codeOf = (value: unknown, limits = LIMITS): string | undefined => {
  const cleaned = clean(value, limits);
  return cleaned.ok ? undefined : cleaned.code;
};

describe('A11: cleaning an output', () => {
  test('leaves ordinary JSON as it is and counts its bytes', () => {
    const value = { a: [1, -2.5, 1e21, true, false, null], 'ü"\n': 'a\\b 漢字 😀 \u0001\u007f', b: {}, c: [] };
    expect(clean(value)).toEqual({ ok: true, value, bytes: Buffer.byteLength(JSON.stringify(value)), changed: false });
    expect(clean(value)).toMatchObject({ value: expect.toSatisfy((same) => same === value) });
  });

  test('counts the bytes of any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
        const cleaned = clean(value, { maxBytes: 1e9, maxDepth: 50 });
        if (cleaned.ok && !cleaned.changed) expect(cleaned.bytes).toBe(Buffer.byteLength(JSON.stringify(value)));
      }),
    );
  });

  test('always gives JSON that reads back as itself, well-formed and counted, or a refusal', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withSparseArray: true,
      withNullPrototype: true,
      maxDepth: 2,
    });
    fc.assert(
      fc.property(fc.oneof(anything, fc.string({ unit: 'binary' })), (value) => {
        const cleaned = clean(value, { maxBytes: 1e9, maxDepth: 50 });
        if (!cleaned.ok) return;
        const text = JSON.stringify(cleaned.value);
        expect(cleaned.bytes).toBe(Buffer.byteLength(text));
        expect(text).not.toMatch(/\\u0000|\\ud[89a-f]/);
        expect(clean(JSON.parse(text))).toMatchObject({ ok: true, changed: false, bytes: cleaned.bytes });
      }),
    );
  });

  test('replaces U+0000 and lone surrogates by U+FFFD, in keys too', () => {
    const value = { 'k\u0000': 'a\u0000b', s: ['\ud800', 'x\udc00y', 'ok 😀', '\ud83d'] };
    expect(clean(value)).toMatchObject({
      changed: true,
      value: { 'k\ufffd': 'a\ufffdb', s: ['\ufffd', 'x\ufffdy', 'ok 😀', '\ufffd'] },
    });
    expect(value['k\u0000']).toBe('a\u0000b');
  });

  test.each([
    ['undefined', undefined, null],
    ['a function', () => 1, null],
    ['members without a value', { a: undefined, b: () => 1, c: Symbol('x'), d: 1 }, { d: 1 }],
    ['entries without a value', [undefined, () => 1, 1], [null, null, 1]],
    // eslint-disable-next-line no-sparse-arrays
    ['holes', [1, , 2], [1, null, 2]],
    ['no numbers', [Number.NaN, Number.POSITIVE_INFINITY, 1], [null, null, 1]],
    ['bigints', [5n, 2n ** 70n], [5, '1180591620717411303424']],
    ['dates', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['an invalid date', [new Date(Number.NaN)], [null]],
    ['an error', new TypeError('no'), { name: 'TypeError', message: 'no' }],
    ['an address', [new URL('https://example.test/x')], ['https://example.test/x']],
  ])('takes %s', (_, value, result) => {
    expect(clean(value)).toMatchObject({ ok: true, changed: true });
    expect(clean(value)).toHaveProperty('value', result);
  });

  test('takes the own properties of an instance', () => {
    class Point {
      x = 1;
      #hidden = 2;
      get sum(): number {
        return this.x + this.#hidden;
      }
    }
    expect(clean(new Point())).toMatchObject({ ok: true, changed: true, value: { x: 1 } });
  });

  test.each([
    ['a map', new Map([[1, 2]])],
    ['a set', [new Set([1])]],
    ['bytes', { data: new Uint8Array(3) }],
    ['a buffer of bytes', new ArrayBuffer(3)],
    ['a promise', { later: Promise.resolve(1) }],
    ['a regular expression', /x/],
  ])('refuses %s, whose JSON would be silently empty', (_, value) => {
    expect(codeOf(value)).toBe('output_not_json');
  });

  test('refuses what throws when it is read', () => {
    const thrower = Object.defineProperty({}, 'x', { enumerable: true, get: () => JSON.parse('{') as unknown });
    expect(codeOf(thrower)).toBe('output_not_json');
    expect(codeOf({ toJSON: 1, date: Object.assign(new Date(), { toJSON: () => JSON.parse('{') as unknown }) })).toBe(
      'output_not_json',
    );
  });

  test.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s', (key) => {
    expect(codeOf(JSON.parse(`{"a":[{"${key}":1}]}`))).toBe('output_not_json');
  });

  test('refuses cycles, and takes what merely stands there twice', () => {
    const cycle: Record<string, unknown> = { a: {} };
    cycle.b = [cycle];
    expect(clean(cycle)).toMatchObject({ code: 'output_not_json', message: expect.stringContaining('itself') });
    const shared = { x: 1 };
    expect(clean([shared, shared])).toMatchObject({ ok: true, changed: false });
  });

  test('refuses depth, however deep, without overflowing', () => {
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    expect(codeOf(nested(50))).toBeUndefined();
    expect(codeOf(nested(51))).toBe('output_too_deep');
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = { deep };
    expect(codeOf(deep)).toBe('output_too_deep');
    expect(codeOf(deep, { maxBytes: 1e9, maxDepth: 1e9 })).toBe('output_too_deep');
  });

  test('refuses size as soon as it is over, in bytes and in values', () => {
    expect(codeOf('x'.repeat(9_998))).toBeUndefined();
    expect(codeOf('x'.repeat(9_999))).toBe('output_too_large');
    expect(codeOf('ü'.repeat(5_000))).toBe('output_too_large');
    expect(codeOf(Array.from({ length: 5_001 }, () => 1))).toBe('output_too_large');
    expect(codeOf(Object.assign([], { length: 1e9 }))).toBe('output_too_large');
    expect(cleanJson([1, [2, 3]], { ...LIMITS, maxItems: 5 })).toMatchObject({ ok: true });
    expect(cleanJson([1, [2, 3]], { ...LIMITS, maxItems: 4 })).toMatchObject({ ok: false, code: 'output_too_large' });
    let wide: unknown = 1;
    for (let i = 0; i < 40; i++) wide = Array.from({ length: 10 }, () => wide);
    expect(codeOf(wide)).toBe('output_too_large');
  });
});
