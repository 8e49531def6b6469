import type { Json, JsonObject } from '@weft/contract';
import * as fc from 'fast-check';
import { applyPatch } from 'rfc6902';
import { describe, expect, test } from 'vitest';

import { jsonPatch } from '../../src/domain/index.ts';

/** Few values and names, so that two of them have much in common. */
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(null, true, 0, 1, '', 'a'),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.constantFrom('a', 'b', '~/', '', '0', '-'), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const state = fc.dictionary(fc.constantFrom('x', 'y', 'a/b', '~'), value, {
  noNullPrototype: true,
}) as fc.Arbitrary<JsonObject>;

function patched(from: JsonObject, to: JsonObject): JsonObject {
  const copy = structuredClone(from);
  const failed = applyPatch(copy, jsonPatch(from, to) as Parameters<typeof applyPatch>[1]).filter(Boolean);
  expect(failed).toEqual([]);
  return copy;
}

describe('a patch', () => {
  test('makes one state of the other, and is empty only where they are the same', () => {
    fc.assert(
      fc.property(state, state, (from, to) => {
        expect(patched(from, to)).toEqual(to);
        expect(jsonPatch(from, structuredClone(from))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test('is the same for equal states, whatever the order of their keys', () => {
    const turned = (json: Json): Json => {
      if (Array.isArray(json)) return json.map(turned);
      if (typeof json !== 'object' || json === null) return json;
      return Object.fromEntries(
        Object.entries(json)
          .toReversed()
          .map(([key, part]) => [key, turned(part)]),
      );
    };
    fc.assert(
      fc.property(state, state, (from, to) => {
        expect(jsonPatch(turned(from) as JsonObject, turned(to) as JsonObject)).toEqual(jsonPatch(from, to));
      }),
    );
  });

  test.each<[string, Json, Json, object[]]>([
    [
      'appends',
      [1],
      [1, 2, 3],
      [
        { op: 'add', path: '/k/-', value: 2 },
        { op: 'add', path: '/k/-', value: 3 },
      ],
    ],
    ['puts in', [1, 3], [1, 2, 3], [{ op: 'add', path: '/k/1', value: 2 }]],
    [
      'takes out',
      [1, 2, 3, 4],
      [1, 4],
      [
        { op: 'remove', path: '/k/2' },
        { op: 'remove', path: '/k/1' },
      ],
    ],
    [
      'changes',
      { a: { b: 1 }, c: 1 },
      { a: { b: 2 }, d: 1 },
      [
        { op: 'remove', path: '/k/c' },
        { op: 'replace', path: '/k/a/b', value: 2 },
        { op: 'add', path: '/k/d', value: 1 },
      ],
    ],
    ['replaces', [1], { 0: 1 }, [{ op: 'replace', path: '/k', value: { 0: 1 } }]],
  ])('%s in place', (_, from, to, operations) => {
    expect(jsonPatch({ k: from }, { k: to })).toEqual(operations);
  });

  test('replaces a key that has changed in more than a thousand places', () => {
    const [from, to] = [0, 1].map((v) => ({ same: 1, k: Array.from({ length: 100_000 }, (_, id) => ({ id, v })) }));
    const patch = jsonPatch(from as JsonObject, to as JsonObject);

    expect(patch).toEqual([{ op: 'replace', path: '/k', value: to?.k }]);
  });
});
