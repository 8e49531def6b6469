import { describe, expect, test } from 'vitest';
import {
  EventsQuery,
  ListRunsQuery,
  pointerOf,
  priorityOf,
  StartRun,
  StartRunQuery,
  StartTask,
  tokensOf,
} from '../src/index.ts';

describe('the request that starts a run', () => {
  test.each([
    ['a name', 'report'],
    ['a name and version', { name: 'report', version: 3 }],
    ['a document', { name: 'x', nodes: { a: { type: 'task', uses: 'echo' } } }],
  ])('names its workflow by %s', (_, workflow) => {
    expect(StartRun.parse({ workflow, input: { a: 1 } }).workflow).toEqual(workflow);
  });

  test('has no other keys', () => {
    expect(StartRun.safeParse({ workflow: 'x', inputs: {} }).success).toBe(false);
  });

  test.each([
    ['30s', 30_000],
    ['500ms', 500],
    ['2', 2000],
  ])('waits %s', (wait, expected) => expect(StartRunQuery.parse({ wait }).wait).toBe(expected));

  test.each(['61s', '-1s', 'soon', '1h'])('does not wait %s', (wait) => {
    expect(StartRunQuery.safeParse({ wait }).success).toBe(false);
  });
});

describe('the request that starts a task', () => {
  test('names an executor or an agent type', () => {
    expect(StartTask.safeParse({ uses: 'echo', with: 1 }).success).toBe(true);
    expect(StartTask.safeParse({ agentType: 'writer', payload: {} }).success).toBe(true);
    expect(StartTask.safeParse({ payload: {} }).error?.issues[0]?.path).toEqual(['uses']);
  });

  test.each([
    [1, 'low'],
    [2, 'normal'],
    [3, 'high'],
    [5, 'high'],
    ['critical', 'critical'],
  ] as const)('priority %s means %s', (given, meant) => expect(priorityOf(given)).toBe(meant));
});

test('a list has 50 items a page unless asked otherwise', () => {
  expect(ListRunsQuery.parse({ status: 'failed' })).toEqual({ limit: 50, status: 'failed' });
  expect(ListRunsQuery.parse({ limit: '7' }).limit).toBe(7);
  for (const limit of ['0', '201', 'x']) expect(ListRunsQuery.safeParse({ limit }).success).toBe(false);
});

test('event modes come as one list', () => {
  expect(EventsQuery.parse({ modes: 'values, tasks', after: '12.3' })).toEqual({
    modes: ['values', 'tasks'],
    after: '12.3',
  });
  expect(EventsQuery.safeParse({ modes: 'nope' }).success).toBe(false);
  expect(EventsQuery.safeParse({ after: 'x' }).success).toBe(false);
});

test('a pointer and its tokens turn into each other', () => {
  expect(pointerOf(['a/b', '~', 0, ''])).toBe('/a~1b/~0/0/');
  expect(tokensOf('/a~1b/~0/0/')).toEqual(['a/b', '~', '0', '']);
  expect(pointerOf([])).toBe('');
  expect(tokensOf('')).toEqual([]);
});
