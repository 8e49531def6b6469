import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, Reducer } from '@weft/contract';
import { checkUpdate, isCommuting, writeKind } from '../../src/domain/state/check-update.ts';
import { refusedKeyIn } from '../../src/domain/state/merge.ts';
import { applyWrite, foldChannel } from '../../src/domain/state/reducer.ts';

const REDUCERS: Reducer[] = ['last_value', 'append', 'merge', 'add', 'min', 'max', 'add_messages'];

type Vector = { reducer: Reducer; old?: Json; update: Json; result: Json };

const vectors: Vector[] = [
  { reducer: 'last_value', old: 1, update: [2], result: [2] },
  { reducer: 'last_value', update: null, result: null },
  { reducer: 'append', old: null, update: 5, result: [5] },
  { reducer: 'append', update: 5, result: [5] },
  { reducer: 'append', old: null, update: [1], result: [[1]] },
  { reducer: 'append', old: [], update: [1, 2], result: [1, 2] },
  { reducer: 'append', old: 1, update: 2, result: [1, 2] },
  { reducer: 'append', old: [1], update: { a: 1 }, result: [1, { a: 1 }] },
  { reducer: 'append', old: [1], update: [[2]], result: [1, [2]] },
  { reducer: 'merge', old: { a: { x: 1 } }, update: { a: { y: 2 } }, result: { a: { x: 1, y: 2 } } },
  { reducer: 'merge', old: { a: 1 }, update: 5, result: 5 },
  { reducer: 'merge', old: 5, update: { a: 1 }, result: { a: 1 } },
  { reducer: 'merge', old: { a: [1], b: 2 }, update: { a: [2] }, result: { a: [2], b: 2 } },
  { reducer: 'merge', old: { a: 1 }, update: { a: { b: 1 } }, result: { a: { b: 1 } } },
  { reducer: 'merge', old: { a: 1 }, update: { a: null }, result: { a: null } },
  { reducer: 'add', old: null, update: 2, result: 2 },
  { reducer: 'add', old: 'x', update: 2, result: 2 },
  { reducer: 'add', old: 1.5, update: 2, result: 3.5 },
  { reducer: 'add', old: Number.MAX_VALUE, update: Number.MAX_VALUE, result: Number.MAX_VALUE },
  { reducer: 'min', old: null, update: 3, result: 3 },
  { reducer: 'min', old: 'x', update: 3, result: 3 },
  { reducer: 'min', old: 2, update: 3, result: 2 },
  { reducer: 'max', old: 2, update: 7, result: 7 },
  { reducer: 'max', old: 7, update: 2, result: 7 },
  {
    reducer: 'add_messages',
    old: [{ id: 'a', t: 1 }],
    update: { id: 'a', t: 2 },
    result: [{ id: 'a', t: 2 }],
  },
  { reducer: 'add_messages', old: [{ id: 'a', t: 1 }], update: { id: 'a', remove: true }, result: [] },
  { reducer: 'add_messages', old: [], update: { t: 1 }, result: [{ t: 1, id: 'msg_0' }] },
  {
    reducer: 'add_messages',
    old: [{ id: 'a' }, { id: 'b' }],
    update: [{ id: 'a', remove: true }, { t: 1 }, 'ignored', { id: 'b', t: 2 }],
    result: [
      { id: 'b', t: 2 },
      { t: 1, id: 'msg_1' },
    ],
  },
  { reducer: 'add_messages', old: [{ id: 'a' }], update: { id: 'z', remove: true }, result: [{ id: 'a' }] },
  { reducer: 'add_messages', old: [{ id: 'a' }], update: { remove: true }, result: [{ id: 'a' }] },
  { reducer: 'add_messages', old: [{ id: 'a' }], update: 'gone', result: 'gone' },
  { reducer: 'add_messages', old: 'gone', update: { id: 'a' }, result: [{ id: 'a' }] },
  { reducer: 'add', old: 1, update: { __overwrite: true, value: 9 }, result: 9 },
  { reducer: 'add', old: 1, update: { __overwrite: true }, result: null },
  { reducer: 'append', old: [1], update: { __overwrite: true, value: [] }, result: [] },
  {
    reducer: 'merge',
    old: { a: 1 },
    update: { __overwrite: false, value: 2 },
    result: { a: 1, __overwrite: false, value: 2 },
  },
];

describe('a reducer', () => {
  test.each(vectors)('$reducer: $old and $update give $result', ({ reducer, old, update, result }) => {
    expect(applyWrite(reducer, old, update)).toEqual(result);
  });

  test.each(['add', 'min', 'max'] as const)('%s refuses an update that is no number', (reducer) => {
    for (const update of ['x', null, [1], {}, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => applyWrite(reducer, 1, update)).toThrow(expect.objectContaining({ code: 'bad_update' }));
      expect(checkUpdate(reducer, update)).toMatchObject({ code: 'bad_update', retryable: false });
    }
  });

  test('merge refuses keys that reach into prototypes, at any depth, and leaves the prototype alone', () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const update = JSON.parse(`{"a":{"${key}":{"polluted":true}}}`) as Json;
      expect(() => applyWrite('merge', { a: {} }, update)).toThrow(expect.objectContaining({ code: 'bad_update' }));
      expect(() => applyWrite('merge', {}, update)).toThrow(expect.objectContaining({ code: 'bad_update' }));
      expect(checkUpdate('merge', update)).toMatchObject({ code: 'bad_update' });
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('merge bears values nested deeper than the stack', () => {
    const merged = applyWrite('merge', nested(100_000, 1), nested(100_000, 2));
    expect(depthOf(merged)).toBe(100_000);
  });

  test('neither the old value nor the updates are changed', () => {
    const old = deepFreeze({ a: { x: 1 }, list: [1] });
    const updates = deepFreeze([{ a: { y: 2 } }, { a: { y: { z: 3 } } }, { a: { y: { z: 4, q: 5 } } }]);
    expect(foldChannel('merge', old, updates)).toEqual({ a: { x: 1, y: { z: 4, q: 5 } }, list: [1] });
    expect(foldChannel('append', deepFreeze([1]), deepFreeze([[2], 3]))).toEqual([1, 2, 3]);
    const messages = deepFreeze([{ id: 'a', t: 1 }]);
    expect(foldChannel('add_messages', messages, deepFreeze([{ t: 2 }, { id: 'a', t: 3 }]))).toHaveLength(2);
    expect(old).toEqual({ a: { x: 1 }, list: [1] });
  });

  test('a generated message id never repeats one that is there', () => {
    const list = foldChannel('add_messages', [], [{ t: 0 }, { t: 1 }, { id: 'msg_0', remove: true }, { t: 2 }]);
    expect(list).toEqual([
      { t: 1, id: 'msg_1' },
      { t: 2, id: 'msg_2' },
    ]);
  });
});

describe('C2: writing a channel', () => {
  test('last_value and overwrites are bases, all else is written unread', () => {
    expect(REDUCERS.filter((reducer) => writeKind(reducer, 1) === 'base')).toEqual(['last_value']);
    for (const reducer of REDUCERS) expect(writeKind(reducer, { __overwrite: true, value: 1 })).toBe('base');
  });

  test('an accepted update is one that the reducer can take, whatever the old value', () => {
    fc.assert(
      fc.property(fc.constantFrom(...REDUCERS), json(), json(), (reducer, old, update) => {
        const accepted = checkUpdate(reducer, update) === undefined;
        if (accepted) applyWrite(reducer, old, update);
        else expect(() => applyWrite(reducer, old, update)).toThrow(expect.objectContaining({ code: 'bad_update' }));
      }),
    );
  });

  test('folding in pieces equals folding at once', () => {
    const deltas = fc.oneof(fc.array(fc.integer()), fc.array(messageUpdates()), fc.array(json()));
    fc.assert(
      fc.property(fc.constantFrom(...REDUCERS), json(), deltas, fc.nat(), (reducer, base, drawn, cut) => {
        const all = drawn.filter((delta) => checkUpdate(reducer, delta) === undefined);
        const at = cut % (all.length + 1);
        const inPieces = foldChannel(reducer, foldChannel(reducer, base, all.slice(0, at)), all.slice(at));
        expect(inPieces).toEqual(foldChannel(reducer, base, all));
      }),
    );
  });

  test('append of lists to a list is their concatenation', () => {
    fc.assert(
      fc.property(fc.array(json()), fc.array(fc.array(json())), (base, lists) => {
        expect(foldChannel('append', base, lists)).toEqual([...base, ...lists.flat(1)]);
      }),
    );
  });

  test('commuting reducers give the same in any order', () => {
    const commuting = REDUCERS.filter(isCommuting);
    expect(commuting).toEqual(['add', 'min', 'max']);
    fc.assert(
      fc.property(fc.constantFrom(...commuting), shuffled(), (reducer, [deltas, other]) => {
        expect(foldChannel(reducer, undefined, deltas)).toEqual(foldChannel(reducer, undefined, other));
      }),
    );
  });

  test('a long list of deltas is folded without copying the channel each time', () => {
    const deltas: Json[] = Array.from({ length: 30_000 }, (_, i) => ({ [`k${i}`]: { v: i } }));
    expect(Object.keys(foldChannel('merge', {}, deltas) as object)).toHaveLength(30_000);
    const ids = Array.from({ length: 30_000 }, (_, i) => ({ id: `m${i}` }));
    expect(foldChannel('add_messages', [], ids)).toHaveLength(30_000);
  });
});

/** Any JSON whose keys are all allowed; some of it looks like an overwrite. */
function json(): fc.Arbitrary<Json> {
  const overwrite = fc.jsonValue().map((value) => ({ __overwrite: true, value }));
  const values = fc.oneof(fc.jsonValue(), fc.integer(), overwrite) as fc.Arbitrary<Json>;
  return values.filter((value) => refusedKeyIn(value) === undefined);
}

function messageUpdates(): fc.Arbitrary<Json> {
  const message = fc.record(
    { id: fc.constantFrom('a', 'b', 'msg_0', 'msg_1'), remove: fc.boolean(), t: fc.nat() },
    { requiredKeys: [] },
  );
  return fc.oneof(message, fc.array(message), fc.constant('text')) as fc.Arbitrary<Json>;
}

function shuffled(): fc.Arbitrary<[number[], number[]]> {
  return fc
    .array(fc.integer(), { maxLength: 20 })
    .chain((deltas) => fc.tuple(fc.constant(deltas), fc.shuffledSubarray(deltas, { minLength: deltas.length })));
}

function nested(depth: number, leaf: Json): Json {
  let value = leaf;
  for (let i = 0; i < depth; i++) value = { a: value };
  return value;
}

function depthOf(value: Json): number {
  let depth = 0;
  for (let at: Json | undefined = value; typeof at === 'object' && at !== null && !Array.isArray(at); at = at.a)
    depth++;
  return depth;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
