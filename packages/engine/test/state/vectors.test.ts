import { describe, expect, test } from 'vitest';
import type { Json, Reducer } from '@weft/contract';
import { BadUpdate } from '../../src/domain/state/bad-update.ts';
import { checkUpdate } from '../../src/domain/state/check-update.ts';
import { applyWrite, defaultOf, foldChannel } from '../../src/domain/state/reducer.ts';
import { getPath, parsePath } from '../../src/domain/expression/path.ts';
import { Scenario } from '../run/scenario.ts';
import { echo, withNodes } from '../validate/documents.ts';

type Vector = [reducer: Reducer, old: Json | undefined, update: Json, result: Json];

const vectors: Vector[] = [
  ['append', null, 5, [5]],
  ['append', null, [1], [[1]]],
  ['append', [], [1, 2], [1, 2]],
  ['append', 1, 2, [1, 2]],
  ['merge', { a: { x: 1 } }, { a: { y: 2 } }, { a: { x: 1, y: 2 } }],
  ['merge', { a: 1 }, 5, 5],
  ['add', null, 2, 2],
  ['add', 'x', 2, 2],
  ['min', null, 3, 3],
  ['max', 2, 7, 7],
  ['add_messages', [{ id: 'a', t: 1 }], { id: 'a', t: 2 }, [{ id: 'a', t: 2 }]],
  ['add_messages', [{ id: 'a', t: 1 }], { id: 'a', remove: true }, []],
  ['add_messages', [], { t: 1 }, [{ t: 1, id: 'msg_0' }]],
  ['add', 1, { __overwrite: true, value: 9 }, 9],
  ['add_messages', [{ id: 'a' }], { __overwrite: true, value: 'x' }, 'x'],
  ['last_value', 1, { __overwrite: true, value: [2] }, [2]],
  ['merge', { a: 1 }, { __overwrite: true }, null],
];

describe('the vectors of the reducers', () => {
  test.each(
    vectors.map((vector) => {
      const [reducer, old, update, result] = vector;
      return [
        `${reducer} ${JSON.stringify(old)}+${JSON.stringify(update)} -> ${JSON.stringify(result)}`,
        vector,
      ] as const;
    }),
  )('%s', (_, [reducer, old, update, result]) => {
    expect(applyWrite(reducer, old, update)).toEqual(result);
    expect(checkUpdate(reducer, update)).toBeUndefined();
  });

  test('add 1+"x" -> error', () => {
    expect(() => applyWrite('add', 1, 'x')).toThrow(BadUpdate);
    expect(checkUpdate('add', 'x')).toMatchObject({ code: 'bad_update' });
  });

  test('what comes after an overwrite meets its value, be it of another type', () => {
    const overwrite = (value: Json): Json => ({ __overwrite: true, value });
    expect(foldChannel('append', [1], [2, overwrite([9]), 3])).toEqual([9, 3]);
    expect(foldChannel('append', [1], [overwrite(null), [3]])).toEqual([[3]]);
    expect(foldChannel('add', 5, [overwrite('x'), 2])).toBe(2);
  });

  test('a key begins with its default, and its reducer goes on from there', () => {
    expect(applyWrite('append', defaultOf({ type: 'array', default: [] }), [1, 2])).toEqual([1, 2]);
    expect(applyWrite('add', defaultOf({ type: 'number', default: 40 }), 2)).toBe(42);
    expect(applyWrite('max', defaultOf({ type: 'number' }), -3)).toBe(-3);
  });
});

describe('the vectors of paths', () => {
  const scope: Json = { state: { a: { b: 1 }, m: [1, 2] } };

  test.each([
    ['state.a.b', 1],
    ['state.m[-1]', 2],
    ['state.m[9]', null],
    ['state.missing', null],
    ['state.missing.deeper[0]', null],
  ])('%s -> %j', (path, value) => {
    expect(getPath(scope, parsePath(path))).toBe(value);
  });
});

describe('the vectors of routes', () => {
  const started = (to: Json, rest: object): Scenario => {
    const r = { type: 'route', on: 'input.to', routes: { x: 'a' }, ...rest };
    return new Scenario(withNodes({ r, a: echo, b: echo }), { input: { to } });
  };

  test.each([
    [true, 'true'],
    [3, '3'],
    [2.5, '2.5'],
    ['x', 'x'],
  ])('%j -> %j', (value, text) => {
    expect(started(value, { default: 'b' }).task('r').output).toEqual({ route: text });
  });

  test('a value that is not among the routes takes the default, and fails without one', () => {
    expect(started('y', { default: 'b' }).statuses).toMatchObject({ a: 'skipped', b: 'ready' });
    expect(started('y', {}).errorCode).toBe('route_no_match');
  });
});
