import { expect, test } from 'vitest';

import { learnFrom } from '../src/protocols/http/rate-limit-headers.ts';

const NOW = Date.UTC(2026, 10, 1);

test.each([
  [
    'of OpenAI',
    { 'x-ratelimit-remaining-requests': '59', 'x-ratelimit-limit-requests': '60', 'x-ratelimit-reset-requests': '1s' },
    { remaining: 59, limit: 60, resetMs: 1000 },
  ],
  [
    'of OpenAI, in milliseconds',
    { 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': '20ms' },
    { remaining: 1, resetMs: 20 },
  ],
  [
    'of OpenAI, in minutes',
    { 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': '6m0s' },
    { remaining: 1, resetMs: 360_000 },
  ],
  [
    'of OpenAI, with parts of a second',
    { 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': '7.66s' },
    { remaining: 1, resetMs: 7660 },
  ],
  [
    'of Anthropic',
    {
      'anthropic-ratelimit-requests-remaining': '3',
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-reset': '2026-11-01T00:00:30Z',
    },
    { remaining: 3, limit: 50, resetMs: 30_000 },
  ],
  [
    'with an instant in seconds',
    { 'x-ratelimit-remaining': '2', 'x-ratelimit-reset': String(NOW / 1000 + 90) },
    { remaining: 2, resetMs: 90_000 },
  ],
  [
    'of the draft of the IETF',
    { 'ratelimit-remaining': '4', 'ratelimit-limit': '5', 'ratelimit-reset': '12' },
    { remaining: 4, limit: 5, resetMs: 12_000 },
  ],
  [
    'that is an hour away at most',
    { 'ratelimit-remaining': '0', 'ratelimit-reset': '999999' },
    { remaining: 0, resetMs: 3_600_000 },
  ],
  [
    'that is over',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 - 5) },
    { remaining: 0, resetMs: 0 },
  ],
])('a rate limit is read from the headers %s', (_, headers, rateLimit) => {
  expect(learnFrom(new Headers(headers), NOW)).toEqual({ rateLimit });
});

test('of several limits the one that is used up is told, for longest', () => {
  const headers = {
    'x-ratelimit-remaining-requests': '10',
    'x-ratelimit-reset-requests': '1s',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-tokens': '30s',
  };
  expect(learnFrom(new Headers(headers), NOW).rateLimit).toEqual({ remaining: 0, resetMs: 30_000 });
});

test.each([
  [{}, {}],
  [{ 'x-ratelimit-remaining': 'few', 'x-ratelimit-reset': '3' }, {}],
  [{ 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': 'soon' }, {}],
  [{ 'retry-after': '3' }, { retryAfterMs: 3000 }],
  [{ 'retry-after': '3', 'retry-after-ms': '250' }, { retryAfterMs: 250 }],
  [{ 'retry-after': 'Sun, 01 Nov 2026 00:01:00 GMT', date: 'Sun, 01 Nov 2026 00:00:00 GMT' }, { retryAfterMs: 60_000 }],
])('from %j is learned %j', (headers, learned) => {
  expect(learnFrom(new Headers(headers as Record<string, string>), NOW)).toEqual(learned);
});
