import { expect, test } from 'vitest';

import { cacheKey } from '../src/domain/cache-key.ts';

const call = { uses: 'http', version: '1', input: { url: 'http://x/', n: 1 }, secretPaths: ['/a', '/b'] };

test('the key of a call is the same whatever the order of what it says', () => {
  const same = { ...call, input: { n: 1, url: 'http://x/' }, secretPaths: ['/b', '/a'] };

  expect(cacheKey(call)).toMatch(/^[0-9a-f]{64}$/);
  expect(cacheKey(same)).toBe(cacheKey(call));
});

test.each([
  ['executor', { uses: 'handler:http' }],
  ['version', { version: '2' }],
  ['input', { input: { url: 'http://x/', n: '1' } }],
  ['absence of a value', { input: { url: 'http://x/', n: 1, more: null } }],
  ['place of a secret', { secretPaths: ['/a'] }],
])('another %s is another key', (_, parts) => {
  expect(cacheKey({ ...call, ...parts })).not.toBe(cacheKey(call));
});
