import { createFakeClock } from '@weft/testkit';
import { expect, test } from 'vitest';

import { FailedTries, MOST_TRIES } from '../src/keys/failed-tries.ts';

test('an address may fail so often, then waits; others do not', () => {
  const clock = createFakeClock();
  const tries = new FailedTries(clock);
  for (let i = 0; i < MOST_TRIES; i += 1) {
    expect(tries.retryAfterS('203.0.113.7')).toBe(0);
    tries.note('203.0.113.7');
  }
  expect(tries.retryAfterS('203.0.113.7')).toBe(3);
  expect(tries.retryAfterS('203.0.113.8')).toBe(0);
  clock.advance(3000);
  expect(tries.retryAfterS('203.0.113.7')).toBe(0);
  tries.note('203.0.113.7');
  expect(tries.retryAfterS('203.0.113.7')).toBeGreaterThan(0);
});

test('all addresses of one IPv6 network are one', () => {
  const tries = new FailedTries(createFakeClock());
  for (let i = 0; i < MOST_TRIES; i += 1) tries.note(`2001:db8:1:2::${i}`);
  expect(tries.retryAfterS('2001:db8:1:2::ffff')).toBeGreaterThan(0);
  expect(tries.retryAfterS('2001:db8:1:3::1')).toBe(0);
  for (let i = 0; i < MOST_TRIES; i += 1) tries.note(`2001:db8::${i}`);
  expect(tries.retryAfterS('2001:db8::ff:1')).toBeGreaterThan(0);
  for (let i = 0; i < MOST_TRIES; i += 1) tries.note('::ffff:203.0.113.7');
  expect(tries.retryAfterS('::ffff:203.0.113.8')).toBe(0);
});

test('a flood of addresses takes bounded memory: the oldest are forgotten', () => {
  const tries = new FailedTries(createFakeClock());
  for (let i = 0; i < MOST_TRIES; i += 1) tries.note('203.0.113.7');
  for (let i = 0; i < 10_000; i += 1) tries.note(`10.0.${i >> 8}.${i & 255}`);
  expect(tries.retryAfterS('203.0.113.7')).toBe(0);
});
