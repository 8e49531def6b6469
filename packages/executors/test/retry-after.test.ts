import { expect, test } from 'vitest';

import { retryAfterMs } from '../src/http/retry-after.ts';

const NOON = Date.parse('Sat, 21 Nov 2026 12:00:00 GMT');

const pause = (headers: Record<string, string>, nowMs = NOON) => retryAfterMs(new Headers(headers), nowMs);

test.each([
  ['0', 0],
  ['2', 2_000],
  ['1.5', 1_500],
  [' 30 ', 30_000],
  ['86400', 3_600_000],
  ['9'.repeat(400), 3_600_000],
])('Retry-After: %s asks for %d ms', (value, ms) => {
  expect(pause({ 'retry-after': value })).toBe(ms);
});

test.each(['', 'soon', '-5', '5 minutes', '0x10', 'Mon, soon', '2026-11-21T12:00:05Z'])(
  'Retry-After: "%s" asks for nothing',
  (value) => {
    expect(pause({ 'retry-after': value })).toBeUndefined();
  },
);

test('a response without the header asks for nothing', () => {
  expect(pause({})).toBeUndefined();
});

test("a date is measured against the response's own date, not against this machine's clock", () => {
  const headers = { 'retry-after': 'Wed, 21 Oct 2015 07:28:10 GMT', date: 'Wed, 21 Oct 2015 07:28:00 GMT' };

  expect(pause(headers)).toBe(10_000);
});

test('a date is measured against the given clock when the response has none', () => {
  expect(pause({ 'retry-after': 'Sat, 21 Nov 2026 12:00:07 GMT' })).toBe(7_000);
});

test('a date in the past asks for no pause', () => {
  expect(pause({ 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' })).toBe(0);
});
