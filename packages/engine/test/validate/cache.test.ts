import { expect, test } from 'vitest';

import { echo, found, issuesOf, withNodes } from './documents.ts';

const cache = { ttlMs: 1000 };

test('a task may have a cache', () => {
  expect(found(withNodes({ a: { ...echo, cache } }))).toEqual([]);
});

test.each([
  ['route', { type: 'route', on: '1', default: 'a' }],
  ['transform', { type: 'transform', updates: {} }],
  ['interrupt', { type: 'interrupt' }],
  ['send', { type: 'send', items: [], target: 'a' }],
  ['subgraph', { type: 'subgraph', workflow: 'child' }],
  ['wait', { type: 'wait', ms: 5 }],
])('a %s runs no executor and has no cache', (type, node) => {
  const issues = issuesOf(
    withNodes({ a: { ...echo, ...(type === 'route' && { needs: ['n'] }) }, n: { ...node, cache } }),
  );
  const issue = issues.find(({ pointer }) => pointer === '/nodes/n/cache');

  expect(issue).toMatchObject({ code: 'invalid_value', message: expect.stringContaining(`"${type}"`) });
});

test('a cache says how long its results live', () => {
  expect(found(withNodes({ a: { ...echo, cache: {} } }))).toEqual(['missing_field /nodes/a/cache/ttlMs']);
  expect(found(withNodes({ a: { ...echo, cache: { ttlMs: 0 } } }))).toEqual(['invalid_value /nodes/a/cache/ttlMs']);
});
