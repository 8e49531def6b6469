import { describe, expect, test } from 'vitest';
import { blockText } from '../src/output/block-text.ts';
import { elapsedMs, formatDuration, parseDuration } from '../src/output/duration.ts';
import { fitText, padText, plainText, textWidth } from '../src/output/plain-text.ts';
import { tableLines } from '../src/output/table.ts';

describe('a text from outside', () => {
  test('cannot steer the terminal', () => {
    expect(plainText('a\u001b[31mred\u0007\r\nb\u202ec\u009b2J')).toBe('a [31mred b c 2J');
  });

  test('takes as many columns as it shows', () => {
    expect([textWidth('abc'), textWidth('陈晓'), textWidth('e\u0301'), textWidth('✓')]).toEqual([3, 4, 1, 1]);
    expect(padText('陈', 4)).toBe('陈  ');
  });

  test('is cut at the width, never inside a character', () => {
    expect(fitText('abcdef', 4)).toBe('abc…');
    expect(fitText('abcd', 4)).toBe('abcd');
    expect(fitText('陈晓陈', 4)).toBe('陈…');
    expect(fitText('abc', 0)).toBe('');
  });

  test('keeps its lines as a block, and everything where it goes to a program', () => {
    expect(blockText('a\u001b[1m\nb', true)).toBe('a [1m\nb');
    expect(blockText('a\u001b[1m\nb', false)).toBe('a\u001b[1m\nb');
    expect(blockText({ a: 1 }, true)).toBe('{\n  "a": 1\n}');
  });
});

describe('a duration', () => {
  test.each([
    [0, '0ms'],
    [-5, '0ms'],
    [999, '999ms'],
    [1_234, '1.2s'],
    [59_949, '59.9s'],
    [59_951, '1m00s'],
    [125_000, '2m05s'],
    [3_725_000, '1h02m'],
  ])('of %i ms reads %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5', 1_500],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['soon', undefined],
    ['-1s', undefined],
  ])('%s is %s ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test('is null where an end is missing', () => {
    expect(elapsedMs('2026-01-01T00:00:00.000Z', null)).toBeNull();
    expect(elapsedMs('2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.500Z')).toBe(1500);
  });
});

test('a table has columns as wide as their widest cell', () => {
  expect(
    tableLines(
      ['A', 'LONG'],
      [
        ['陈晓', 'x'],
        ['b\n', ''],
      ],
    ),
  ).toEqual(['A     LONG', '陈晓  x', 'b']);
});
