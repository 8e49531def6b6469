import type { Json, JsonObject } from '@weft/contract';
import { compileCondition, compileTemplate } from '@weft/engine/domain';
import { describe, expect, test } from 'vitest';
import { readStatePath, toCel, toLiquid, toReference } from '../../src/nullboiler/state-path.ts';

const STATE: JsonObject = { a: { b: 1, 'c d': 2, in: 3 }, m: [1, { x: [4, 5] }], none: null, text: 'abc', empty: [] };
const scope = { input: {}, state: STATE, nodes: {}, config: {} };

describe('a path', () => {
  test.each<[string, Json]>([
    ['state.a.b', 1],
    ['a.b', 1],
    ['state.m[-1]', { x: [4, 5] }],
    ['state.m[-1].x[0]', 4],
    ['state.m[9]', null],
    ['state.empty[-1]', null],
    ['state.a.gone', null],
    ['state.a.gone.deeper', null],
    ['state.none.x', null],
    ['state.text.x', null],
    ['state.text[0]', null],
    ['state.a[0]', null],
    ['state.a.c d', 2],
    ['state.a.in', 3],
  ])('%s leads to %j, in CEL and as a reference', (text, value) => {
    const path = readStatePath(text) ?? [];
    const cel = compileCondition(toCel('state', path)).evaluate(scope);
    const reference = compileTemplate(`\${${toReference('state', path)}}`).render(scope);

    expect(cel).toEqual(value);
    expect(reference).toEqual(value);
  });

  test.each(['a[x]', 'a[0][1]', 'a[-2]', 'a[', 'a[0]b'])('%s leads nowhere', (text) => {
    expect(readStatePath(text)).toBeUndefined();
  });

  test('a key that a native language cannot write is told apart', () => {
    expect(toReference('state', ['a"b'])).toBeUndefined();
    expect(toLiquid('state', ['a}b'])).toBeUndefined();
    expect(toReference('', ['a', 0, 'b c'])).toBe('a[0].b c');
  });
});
