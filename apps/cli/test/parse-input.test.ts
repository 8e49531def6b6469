import { describe, expect, test } from 'vitest';
import { parseInput, parseValue } from '../src/input/parse-input.ts';

describe('a value on the command line', () => {
  test.each([
    ['1', 1],
    ['-2.5e3', -2500],
    ['true', true],
    ['null', null],
    ['[1,2]', [1, 2]],
    ['{"a":{"b":1}}', { a: { b: 1 } }],
    ['"1"', '1'],
    ['Ada', 'Ada'],
    ['', ''],
    ['{not json', '{not json'],
    ['https://a.example/?x=1', 'https://a.example/?x=1'],
  ])('%s is %j', (text, value) => {
    expect(parseValue(text)).toEqual(value);
  });

  test('stays text where a JSON number would lose digits', () => {
    expect(parseValue('12345678901234567890')).toBe('12345678901234567890');
    expect(parseValue('9007199254740991')).toBe(9_007_199_254_740_991);
  });
});

describe('the input of a run', () => {
  test('nests along dots and keeps equals signs in the value', () => {
    expect(parseInput(['a.b=1', 'a.c=x=y', 'd=[]'], undefined)).toEqual({ a: { b: 1, c: 'x=y' }, d: [] });
  });

  test('goes over the file, whose value is not changed', () => {
    const base = { a: { b: 1, c: 2 } };

    expect(parseInput(['a.b=3'], base)).toEqual({ a: { b: 3, c: 2 } });
    expect(base).toEqual({ a: { b: 1, c: 2 } });
  });

  test('is the file, of whatever type, where no key is set', () => {
    expect(parseInput([], [1])).toEqual([1]);
    expect(parseInput([], undefined)).toBeUndefined();
  });

  test.each([['novalue'], ['=1'], ['a..b=1'], ['__proto__.x=1'], ['a.constructor=1']])('refuses %s', (pair) => {
    expect(() => parseInput([pair], undefined)).toThrow(expect.objectContaining({ code: 'usage', exitCode: 2 }));
  });

  test('refuses a key inside of what is no object', () => {
    expect(() => parseInput(['a=1', 'a.b=2'], undefined)).toThrow('no object');
    expect(() => parseInput(['a=1'], [1])).toThrow('--input');
  });
});
