import { expect, test } from 'vitest';
import { defaultOf } from '../../src/domain/state/initial-value.ts';

test.each([
  ['string', ''],
  ['array', []],
  ['number', 0],
  ['boolean', false],
  ['object', {}],
  ['any', null],
] as const)('a state key of type %s without a default begins as %j', (type, value) => {
  expect(defaultOf({ type })).toEqual(value);
});

test('a declared default wins, null too', () => {
  expect(defaultOf({ type: 'number', default: 7 })).toBe(7);
  expect(defaultOf({ type: 'array', default: null })).toBeNull();
});

test('min and max begin without a value, so that the first update counts', () => {
  expect(defaultOf({ type: 'number', reducer: 'min' })).toBeNull();
  expect(defaultOf({ type: 'number', reducer: 'max' })).toBeNull();
});
