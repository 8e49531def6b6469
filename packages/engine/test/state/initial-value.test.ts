import { expect, test } from 'vitest';
import { defaultOf } from '../../src/domain/state/initial-value.ts';

test('B11: a state key begins with its declared default, whatever its type', () => {
  expect(defaultOf({ type: 'number', default: 7 })).toBe(7);
  expect(defaultOf({ type: 'array', default: null })).toBeNull();
  expect(defaultOf({ type: 'boolean', default: false })).toBe(false);
});

test.each(['string', 'array', 'number', 'boolean', 'object', 'any'] as const)(
  'B11: a state key of type %s without a default begins as null',
  (type) => {
    expect(defaultOf({ type })).toBeNull();
  },
);
