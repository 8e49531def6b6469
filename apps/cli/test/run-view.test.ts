import { describe, expect, test } from 'vitest';
import type { Event, Interrupt, Json, Task } from '@weft/contract';
import { RunView } from '../src/watch/run-view.ts';
import { waitsText } from '../src/watch/waits-text.ts';

const RUN = '0198a000-0000-7000-8000-000000000001';

function view(): RunView {
  return new RunView([
    { name: 'a', depth: 0 },
    { name: 'b', depth: 1 },
  ]);
}

function step(number: number, data: Json, type = 'task_succeeded'): Event {
  return { runId: RUN, step: number, mode: 'tasks', type, at: `2026-01-01T00:00:0${number}.000Z`, data };
}

function live(type: string, data: Json): Event {
  return { ...step(1, data, type), n: 1 };
}

function task(fields: Partial<Task>): Task {
  return {
    id: RUN,
    runId: RUN,
    key: 'a#0',
    node: 'a',
    iteration: 0,
    status: 'ready',
    attempt: 1,
    failures: 0,
    crashes: 0,
    maxAttempts: 1,
    lane: 'default',
    priority: 'normal',
    queuedAt: null,
    startedAt: null,
    endedAt: null,
    usage: { inputTokens: 0, outputTokens: 0, usd: 0 },
    ...fields,
  };
}

const statuses = (of: RunView) => of.rows.map(({ node, status }) => `${node} ${status}`);

describe('the view of a run', () => {
  test('begins with every node pending', () => {
    expect(statuses(view())).toEqual(['a pending', 'b pending']);
    expect(view().progress).toEqual({ done: 0, total: 2 });
  });

  test('follows a task from ready over running to its end', () => {
    const run = view();
    run.applyEvent(step(1, { tasks: [{ key: 'a#0', status: 'ready', attempt: 1 }] }));
    run.applyEvent(live('task_started', { key: 'a#0', attempt: 1 }));
    expect(statuses(run)).toEqual(['a running', 'b pending']);

    run.applyEvent(
      step(2, {
        tasks: [
          { key: 'a#0', status: 'succeeded', attempt: 1 },
          { key: 'b#0', status: 'ready', attempt: 1 },
        ],
      }),
    );

    expect(statuses(run)).toEqual(['a succeeded', 'b ready']);
    expect(run.rows[0]).toMatchObject({ endedAt: Date.parse('2026-01-01T00:00:02.000Z') });
    expect(run.progress).toEqual({ done: 1, total: 2 });
  });

  test('shows the error of an attempt that is tried again, until the next one starts', () => {
    const run = view();
    const error = { code: 'http_status', message: 'no', retryable: true };
    run.applyEvent(step(1, { tasks: [{ key: 'a#0', status: 'waiting', attempt: 2, error }] }, 'task_retried'));
    expect(run.rows[0]).toMatchObject({ status: 'waiting', attempt: 2, error });

    run.applyEvent(live('task_started', { key: 'a#0', attempt: 2 }));
    expect(run.rows[0]).toMatchObject({ status: 'running', error: null });
  });

  test('shows what a node waits for, and what it asks', () => {
    const run = view();
    const waits = (text: string, more = {}) => ({
      tasks: [{ key: 'a#0', status: 'waiting', attempt: 1, waits: text, ...more }],
    });
    run.applyEvent(step(1, waits('signal', { dueAt: 0 }), 'task_waiting'));
    expect(run.rows.map(waitsText)[0]).toBe('waits for a signal until 1970-01-01T00:00:00.000Z');
    run.applyEvent(step(2, waits('answer'), 'task_waiting'));
    expect(run.rows.map(waitsText)[0]).toBe('waits for an answer');
    run.applyQuestion({ node: 'a', at: 'node', message: 'Go?' } as Interrupt);
    expect(run.rows.map(waitsText)[0]).toBe('asks: Go?');

    run.applyEvent(step(3, { tasks: [{ key: 'a#0', status: 'succeeded', attempt: 1 }] }, 'answered'));
    expect(run.rows[0]).toMatchObject({ status: 'succeeded', waits: null, question: null });
  });

  const itemOf = (key: string, status: string, more = {}) => ({ key, status, attempt: 1, ...more });
  const sent = (items: number, key = 'a#0') => itemOf(key, 'waiting', { waits: 'items', items });

  test('counts the items of a send, and tells no more of them than how far it has come', () => {
    const run = view();
    const keys = Array.from({ length: 1000 }, (_, item) => `a#0[${item}]/b#0`);
    run.applyEvent(step(1, { tasks: [sent(1000), ...keys.map((key) => itemOf(key, 'ready'))] }, 'task_waiting'));
    const told = keys.flatMap((key) => [
      ...run.applyEvent(live('task_started', { key, attempt: 1 })),
      ...run.applyEvent(step(2, { tasks: [itemOf(key, 'succeeded')] })),
    ]);

    expect(told.map(({ row }) => row.node)).toEqual(Array(9).fill('a'));
    expect(run.rows.map(({ sent: how }) => how)).toEqual([{ ended: 1000, total: 1000, target: 'b' }, null]);
    expect(statuses(run)).toEqual(['a waiting', 'b succeeded']);
    expect(run.rows[1]?.items?.text).toBe('1000 succeeded');
    expect(run.applyEvent(step(3, { tasks: [itemOf('a#0', 'succeeded')] })).map(({ row }) => row.node)).toEqual([
      'b',
      'a',
    ]);
  });

  test('tells of the first items that have failed, and counts the others', () => {
    const run = view();
    const error = { code: 'no', message: 'no', retryable: false };
    const told = Array.from({ length: 50 }, (_, item) =>
      run.applyEvent(step(1, { tasks: [itemOf(`a#0[${item}]/b#0`, 'failed', { error })] }, 'task_failed')),
    );

    expect(told.flat().map(({ row }) => row.node)).toEqual(Array.from({ length: 10 }, (_, item) => `b[${item}]`));
    expect(run.rows[1]?.items?.text).toBe('50 failed');
  });

  test('counts the items anew in the next iteration of a loop, and again after a retry of the run', () => {
    const run = view();
    run.applyEvent(step(1, { tasks: [sent(1), itemOf('a#0[0]/b#0', 'succeeded'), itemOf('a#0', 'succeeded')] }));
    run.applyEvent(step(2, { tasks: [sent(2, 'a#1'), itemOf('a#1[0]/b#0', 'ready'), itemOf('a#1[1]/b#0', 'failed')] }));
    expect(run.rows[1]?.items?.text).toBe('1 failed, 1 ready');
    expect(run.rows[0]?.sent).toMatchObject({ ended: 1, total: 2 });

    run.applyEvent(step(3, { tasks: [], run: { status: 'failed' } }));
    expect(run.rows[1]?.items?.text).toBe('1 failed, 1 cancelled');
    run.applyEvent(step(4, { tasks: [sent(2, 'a#1'), itemOf('a#1[1]/b#0', 'ready')] }, 'retried'));
    expect(run.rows[1]?.items?.text).toBe('1 ready, 1 cancelled');
    expect(run.rows[0]?.sent).toMatchObject({ ended: 1, total: 2 });
  });

  test('counts the items of the newest iteration only, where tasks are listed', () => {
    const run = view();
    for (const key of ['a#0[0]/b#0', 'a#0[1]/b#0', 'a#1[0]/b#0', 'a#1[1]/b#0', 'a#0[2]/b#0'])
      run.applyTask(task({ key, node: 'b', status: 'succeeded' }));
    expect(run.rows[0]?.sent).toMatchObject({ ended: 2 });
    expect(run.rows[1]?.items?.text).toBe('2 succeeded');
  });

  test('keeps what is newer than an event that comes late', () => {
    const run = view();
    run.applyTask(task({ status: 'succeeded', endedAt: '2026-01-01T00:00:05.000Z' }));

    expect(run.applyEvent(step(1, { tasks: [{ key: 'a#0', status: 'ready', attempt: 1 }] }))).toEqual([]);
    expect(run.applyEvent(live('task_started', { key: 'a#0', attempt: 1 }))).toEqual([]);
    expect(statuses(run)).toEqual(['a succeeded', 'b pending']);
  });

  test('has not changed by an event that says what the list of tasks has said', () => {
    const run = view();
    run.applyTask(task({ status: 'waiting', attempt: 2 }));

    expect(run.applyEvent(step(1, { tasks: [{ key: 'a#0', status: 'waiting', attempt: 2 }] }, 'task_retried'))).toEqual(
      [],
    );
  });

  test('arms a task again when the run is retried', () => {
    const run = view();
    run.applyTask(task({ status: 'failed', attempt: 1 }));
    run.applyEvent(step(2, { tasks: [{ key: 'a#0', status: 'ready', attempt: 1 }] }, 'retried'));

    expect(statuses(run)).toEqual(['a ready', 'b pending']);
  });

  test('cancels what has not ended when the run is cancelled', () => {
    const run = view();
    run.applyEvent(step(1, { tasks: [{ key: 'a#0', status: 'ready', attempt: 1 }] }));

    const changes = run.applyEvent(step(2, { run: { status: 'cancelled' } }, 'cancelled'));

    expect(changes.map(({ row }) => row.node)).toEqual(['a']);
    expect(statuses(run)).toEqual(['a cancelled', 'b pending']);
  });

  test('shows the newest iteration of a node', () => {
    const run = view();
    run.applyEvent(step(1, { tasks: [{ key: 'a#0', status: 'succeeded', attempt: 1 }] }));
    run.applyEvent(step(2, { tasks: [{ key: 'a#1', status: 'ready', attempt: 1 }] }));
    run.applyEvent(step(3, { tasks: [{ key: 'a#0', status: 'failed', attempt: 1 }] }));

    expect(run.rows[0]).toMatchObject({ status: 'ready', iteration: 1 });
  });

  test('keeps what a running task says of how far it is', () => {
    const run = view();
    run.applyEvent(live('task_started', { key: 'a#0', attempt: 1 }));
    run.applyEvent(live('task_progress', { key: 'a#0', attempt: 1, progress: '3 of 9' }));

    expect(run.rows[0]).toMatchObject({ status: 'running', progress: '3 of 9' });
  });

  test('learns from the list of tasks that one has started, and nothing else', () => {
    const run = view();
    run.applyEvent(step(1, { tasks: [{ key: 'a#0', status: 'ready', attempt: 1 }] }));

    expect(run.applyStarted(task({ status: 'succeeded' }))).toEqual([]);
    expect(run.applyStarted(task({ status: 'running', startedAt: '2026-01-01T00:00:01.000Z' }))).toHaveLength(1);
    expect(run.rows[0]).toMatchObject({ status: 'running', startedAt: Date.parse('2026-01-01T00:00:01.000Z') });
  });

  test('adds a node that the document does not have, and takes nothing from odd data', () => {
    const run = view();
    run.applyTask(task({ node: 'task', key: 'task#0' }));
    for (const data of [null, [], 'x', { tasks: [null, 3, { key: 'no key' }, { status: 'ready' }] }]) {
      expect(run.applyEvent(step(1, data))).toEqual([]);
    }

    expect(statuses(run)).toEqual(['a pending', 'b pending', 'task ready']);
  });
});
