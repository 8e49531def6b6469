/** Pieces of texts become lines, each attempt by itself. */
import type { Event, Json } from '@weft/contract';
import { expect, test } from 'vitest';
import { LogLines } from '../src/watch/log-lines.ts';

const at = '2026-01-01T00:00:00.000Z';
const event = (mode: Event['mode'], type: string, data: Json): Event => ({ runId: 'r', step: 1, mode, type, at, data });
const token = (taskId: string, text: string, attempt = 1): Event =>
  event('messages', 'token', { taskId, node: taskId, key: `${taskId}#0`, attempt, text });

test('pieces of several texts that come in turn are lines of their own, the last ones at the end', () => {
  const lines = new LogLines();
  const taken = [token('a', 'one\ntw'), token('b', 'x'), token('a', 'o\n'), token('a', 'rest')].flatMap((one) =>
    lines.take(one),
  );
  expect(taken.map(({ node, text }) => [node, text])).toEqual([
    ['a', 'one'],
    ['a', 'two'],
  ]);
  expect(lines.rest().map(({ node, text }) => [node, text])).toEqual([
    ['b', 'x'],
    ['a', 'rest'],
  ]);
  expect(lines.rest()).toEqual([]);
});

test('an end brings out what was held, and a failed attempt says why, also if its task goes on', () => {
  const lines = new LogLines();
  const error = { code: 'boom', message: 'no luck', retryable: true };
  const end = { taskId: 'a', node: 'a', attempt: 1 };
  expect(lines.take(token('a', 'half'))).toEqual([]);
  const retried = { ...end, voids: end, tasks: [{ key: 'a#0', status: 'waiting', attempt: 2, error }] };
  expect(lines.take(event('tasks', 'task_retried', retried))).toMatchObject([
    { kind: 'text', text: 'half' },
    { kind: 'error', node: 'a', text: 'boom: no luck' },
  ]);
  const ended = { ...end, attempt: 2, voids: end, ends: [{ ...end, attempt: 2, error }] };
  expect(lines.take(event('tasks', 'task_failed', ended))).toMatchObject([{ kind: 'error', attempt: 2 }]);
  expect(lines.take(event('custom', 'task_failed', { ...end, voids: end }))).toEqual([]);
});
