import { describe, expect, test } from 'vitest';
import { getPath, parsePath } from '../../src/domain/expression/path.ts';
import { parseReference } from '../../src/domain/expression/reference.ts';

describe('a path', () => {
  test.each([
    ['', []],
    ['a.b', ['a', 'b']],
    ['m[-1]', ['m', -1]],
    ['a[0][1].b', ['a', 0, 1, 'b']],
    ['[2].x', [2, 'x']],
    ['a["b.c"].d', ['a', 'b.c', 'd']],
    ["a['it']", ['a', 'it']],
    ['a b.c-d', ['a b', 'c-d']],
    ['a.0', ['a', '0']],
  ])('%j reads as %j', (text, path) => {
    expect(parsePath(text)).toEqual(path);
  });

  test.each(['.', '.a', 'a.', 'a..b', 'a[', 'a[x]', 'a[0]b', 'a]', 'a{b}', 'a[1.5]', 'a.[0]'])('%j is none', (text) => {
    expect(() => parsePath(text)).toThrow(expect.objectContaining({ code: 'bad_template' }));
  });

  test('finds what is there and null for what is missing', () => {
    const state = { a: { b: 1 }, m: [1, 2], deep: [{ x: [null] }] };
    const at = (text: string): unknown => getPath(state, parsePath(text));
    expect(at('a.b')).toBe(1);
    expect(at('m[-1]')).toBe(2);
    expect(at('m[9]')).toBeNull();
    expect(at('m[-9]')).toBeNull();
    expect(at('missing')).toBeNull();
    expect(at('a.b.c')).toBeNull();
    expect(at('deep[0].x[0].y')).toBeNull();
    expect(at('')).toBe(state);
  });

  test('sees own members only', () => {
    for (const text of ['constructor', '__proto__', 'm.length', 'a.toString', 'm.0', 'a.b.length']) {
      expect(getPath({ a: { b: 'x' }, m: [1] }, parsePath(text))).toBeNull();
    }
  });
});

describe('a reference', () => {
  test.each([
    ['fix', { root: 'nodes', path: ['fix'] }],
    [' fix.list[0].y ', { root: 'nodes', path: ['fix', 'list', 0, 'y'] }],
    ['nodes.fix.text', { root: 'nodes', path: ['fix', 'text'] }],
    ['input.x', { root: 'input', path: ['x'] }],
    ['state', { root: 'state', path: [] }],
    ['item[0]', { root: 'item', path: [0] }],
    ['config.dry', { root: 'config', path: ['dry'] }],
  ])('%j names %j', (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });

  test.each(['', '[0]', 'a:b', 'a#1', 'x/y', '.a'])('%j is none', (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'bad_template' }));
  });
});
