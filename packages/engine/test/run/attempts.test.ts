import { describe, expect, test } from 'vitest';
import { echo, withNodes } from '../validate/documents.ts';
import { NOW, Scenario } from './scenario.ts';

const retrying = { ...echo, retry: { maxAttempts: 3, initialMs: 1000, factor: 2 } };
const usage = { inputTokens: 3, outputTokens: 4, usd: 0.1 };

describe('attempt, failures and crashes', () => {
  test('A4: a retryable failure counts as a failure, and the last one that is allowed is final', () => {
    const run = new Scenario(withNodes({ a: retrying }));
    for (const attempt of [1, 2]) {
      run.fail('a', { retryable: true });
      expect(run.task('a')).toMatchObject({ status: 'waiting', attempt: attempt + 1, failures: attempt, worker: null });
      run.fire('a', 'retry');
      expect(run.task('a')).toMatchObject({ status: 'ready', attempt: attempt + 1 });
    }
    run.fail('a', { retryable: true });
    expect(run.task('a')).toMatchObject({ status: 'failed', attempt: 3, failures: 3, crashes: 0 });
    expect(run.errorCode).toBe('boom');
  });

  test.each([
    ['that is not retryable', {}, { retryable: false }],
    ['whose code is not among those to be retried', { retryOn: ['rate_limited', 'bo*x'] }, { retryable: true }],
    ['whose code is never to be retried', { neverOn: ['bo*'], retryOn: ['boom'] }, { retryable: true }],
    ['after which a pause would last too long', { maxElapsedMs: 1000 }, { retryable: true, retryAfterMs: 2000 }],
  ])('A4: a failure %s is final at once', (_, retry, error) => {
    const run = new Scenario(withNodes({ a: { ...echo, retry: { maxAttempts: 3, ...retry } } }));
    run.fail('a', error);
    expect(run.statuses).toEqual({ a: 'failed' });
  });

  test('A4: the pause after an error is that of its code, and never shorter than it asks for', () => {
    const pause = (code: string, failure = {}) => {
      const perError = { 'http_*': { minMs: 5000, maxMs: 5000 }, http_429: { minMs: 60_000 }, boom: {} };
      const run = new Scenario(withNodes({ a: { ...echo, retry: { maxAttempts: 3, initialMs: 1, perError } } }));
      run.fail('a', { retryable: true, code, ...failure });
      return (run.rows.timers.get('retry a#0')?.dueAt ?? 0) - NOW;
    };

    expect([pause('http_503'), pause('http_429'), pause('boom'), pause('other')]).toEqual([5000, 60_000, 0, 0]);
    expect(pause('http_429', { retryAfterMs: 90_000 })).toBe(90_000);
  });

  test('A4: no attempt begins later than the policy bounds it since the first that failed, whatever came in between', () => {
    const run = new Scenario(
      withNodes({ a: { ...echo, retry: { maxAttempts: 50, minMs: 4000, maxMs: 4000, maxElapsedMs: 10_000 } } }),
    );
    run.fail('a', { retryable: true });
    run.fire('a', 'retry');
    run.run(run.again('a', { asked: 1 }, { afterMs: 100 }));
    expect(run.task('a').detail).toEqual({ kind: 'memo', memo: { asked: 1 }, failingSince: NOW });
    run.fire('a', 'retry');
    run.fail('a', { retryable: true });
    expect(run.task('a')).toMatchObject({ status: 'waiting', failures: 2 });
    run.fire('a', 'retry');
    run.release('a', 'crash');
    run.fail('a', { retryable: true });

    expect(run.task('a')).toMatchObject({ status: 'failed', failures: 3 });
    expect(run.errorCode).toBe('boom');
    run.mail('retry');
    expect(run.task('a')).toMatchObject({ status: 'ready', failures: 0, detail: null });
    run.fail('a', { retryable: true });
    expect(run.task('a')).toMatchObject({ status: 'waiting', failures: 1 });
  });

  test('A4: crashes cost no failure; two are borne and the third is poison', () => {
    const run = new Scenario(withNodes({ a: echo }));
    for (const crashes of [1, 2]) {
      run.release('a', 'crash');
      expect(run.task('a')).toMatchObject({ status: 'ready', attempt: crashes + 1, failures: 0, crashes });
    }
    run.release('a', 'crash');
    expect(run.task('a')).toMatchObject({ status: 'failed', failures: 0, crashes: 3 });
    expect(run.errorCode).toBe('poison');
  });

  test('A4: a claim that was lost with its worker is a crash, unless the next one would be poison and it never began', () => {
    const run = new Scenario(withNodes({ a: echo }));
    expect(run.release('a', 'lost')).toBe(true);
    expect(run.release('a', 'lost')).toBe(true);
    expect(run.task('a')).toMatchObject({ status: 'ready', attempt: 3, failures: 0, crashes: 2 });
    expect(run.release('a', 'lost')).toBe(false);
    expect(run.task('a')).toMatchObject({ status: 'ready', attempt: 3, crashes: 2 });
    run.task('a').status = 'running';
    expect(run.release('a', 'lost')).toBe(true);
    expect(run.errorCode).toBe('poison');
  });

  test('A4: a node that must not be repeated fails with its first crash', () => {
    const run = new Scenario(withNodes({ a: { ...echo, retry: { maxAttempts: 5, onCrash: 'fail' } } }));
    run.release('a', 'crash');
    expect(run.task('a')).toMatchObject({ status: 'failed', crashes: 1 });
    expect(run.errorCode).toBe('worker_lost');
  });

  test('A4: a hand-back costs neither, and is allowed for a node that must not be repeated', () => {
    const run = new Scenario(withNodes({ a: { ...echo, retry: { onCrash: 'fail' } } }));
    for (let count = 0; count < 5; count++) run.release('a', 'handback');
    expect(run.task('a')).toMatchObject({ status: 'ready', attempt: 6, failures: 0, crashes: 0 });
    expect(run.last.ready.map(({ key }) => key)).toEqual(['a#0']);
  });
});

describe('the fence', () => {
  test('A5: only the current attempt settles a task, and only once', () => {
    const run = new Scenario(withNodes({ a: echo, b: echo }));
    const first = run.success('a', 'first');
    run.release('a', 'crash');
    expect(run.run(first)).toEqual([false]);
    const second = run.success('a', 'second');
    expect(run.settle(second, second).applied).toEqual([true, false]);
    expect(run.settle(second).applied).toEqual([false]);
    expect(run.task('a').output).toBe('second');
    expect(run.journal()).toEqual(['run_started', 'task_retried a', 'task_succeeded a']);
  });

  test('A5: an attempt that is not handed out yet settles nothing', () => {
    const run = new Scenario(withNodes({ a: retrying }));
    run.fail('a', { retryable: true });
    expect(run.succeed('a')).toBe(false);
    expect(run.release('a', 'crash')).toBe(false);
    expect(run.statuses).toEqual({ a: 'waiting' });
  });

  test('A5: an inline node that waits for the next transaction cannot be settled from outside', () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 101 }, (_, i) => [`n${i}`, { type: 'transform', updates: {} }]),
    );
    const run = new Scenario(withNodes(nodes));
    expect(run.last.goesOn).toBe(true);
    expect(run.settle(run.success('n100')).applied).toEqual([false]);
  });

  test('A5: outcomes of an older epoch are refused, of the run and of the task', () => {
    const run = new Scenario(withNodes({ a: { ...echo, onFailure: 'skipDependents' }, b: { ...echo, needs: ['a'] } }));
    const late = run.success('a');
    run.fail('a');
    run.mail('retry');
    expect(run.task('a')).toMatchObject({ status: 'ready', attempt: 2, epoch: 0 });
    expect(run.run(late, { ...late, attempt: 2 } as typeof late)).toEqual([false, false]);
    expect(run.run({ ...run.success('a'), taskEpoch: 1 } as typeof late)).toEqual([false]);
    expect(run.succeed('a')).toBe(true);
  });

  test('A5: once the run has ended, the rest of the batch is refused', () => {
    const run = new Scenario(withNodes({ a: echo, b: echo }));
    const { applied } = run.settle(run.failure('a'), run.success('b', 'too late'));
    expect(applied).toEqual([true, false]);
    expect(run.status).toBe('failed');
    expect(run.succeed('b')).toBe(false);
    expect(run.statuses).toEqual({ a: 'failed', b: 'cancelled' });
  });

  test('A5: what a batch has readied before its run ends is handed out to nobody', () => {
    const waits = { ...echo, needs: ['b'], queueTimeoutMs: 1000 };
    const run = new Scenario(withNodes({ a: echo, b: echo, waits }));
    const { ready, timersSet, applied } = run.settle(run.success('b'), run.failure('a'));
    expect([ready, timersSet, applied]).toEqual([[], [], [true, true]]);
    expect(run.statuses).toEqual({ a: 'failed', b: 'succeeded', waits: 'cancelled' });
  });

  test('A5: a refused outcome adds to the usage of its own attempt, once, and to nothing else', () => {
    const run = new Scenario(withNodes({ a: { ...echo, onFailure: 'skipDependents' } }));
    const late = run.success('a', 'x', { usage });
    run.release('a', 'handback');
    const rows = structuredClone(run.rows.newestTasks());
    run.run(late, late);
    run.run(late);
    expect(run.rows.newestTasks()).toEqual(rows);
    expect(Array.from(run.rows.usage.values())).toEqual([{ key: 'a#0', epoch: 0, attempt: 1, usage }]);
  });

  test('A5: what a task that was taken back had spent stays with its epoch', () => {
    const b = { ...echo, needs: ['a'], join: 'allDone' };
    const run = new Scenario(withNodes({ a: { ...echo, onFailure: 'skipDependents' }, b }));
    run.fail('a');
    const late = run.success('b', 'x', { usage });
    run.fail('b');
    run.mail('retry');
    expect(run.statuses).toEqual({ a: 'ready' });
    run.succeed('a');
    expect(run.task('b')).toMatchObject({ epoch: 1, attempt: 1 });
    expect(run.run(late)).toEqual([false]);
    run.succeed('b', 'y', { usage });
    expect(Array.from(run.rows.usage.values(), ({ epoch }) => epoch)).toEqual([0, 1]);
  });
});

describe('timers of tasks', () => {
  test('A12: a retry waits for its pause with full jitter, at least as long as was asked for', () => {
    const run = new Scenario(withNodes({ a: retrying }));
    run.fail('a', { retryable: true });
    const timer = run.rows.timers.get('retry a#0');
    expect(timer).toMatchObject({ kind: 'retry', attempt: 2 });
    expect(timer?.dueAt).toBeGreaterThanOrEqual(NOW);
    expect(timer?.dueAt).toBeLessThan(NOW + 1000);
    run.fire('a', 'retry');
    expect(run.rows.timers.size).toBe(0);
    expect(run.journal(3)).toEqual(['timer_fired a']);
    run.fail('a', { retryable: true, retryAfterMs: 60_000 });
    expect(run.rows.timers.get('retry a#0')?.dueAt).toBe(run.now + 60_000);
  });

  test('A12: a firing that comes late wakes nothing and leaves the timer of the next attempt alone', () => {
    const run = new Scenario(withNodes({ a: retrying }));
    run.fail('a', { retryable: true });
    run.fire('a', 'retry');
    expect(run.fire('a', 'retry', 2)).toBe(false);
    run.fail('a', { retryable: true });
    expect(run.fire('a', 'retry', 2)).toBe(false);
    expect(run.rows.timers.get('retry a#0')).toMatchObject({ attempt: 3 });
    expect(run.fire('a', 'retry', 3)).toBe(true);
  });

  test('A12: a task that no worker takes in time fails with queue_timeout', () => {
    const run = new Scenario(withNodes({ a: { ...echo, queueTimeoutMs: 5000, retry: { maxAttempts: 3 } } }));
    expect(run.rows.timers.get('queue a#0')?.dueAt).toBe(NOW + 6000);
    expect(run.fire('a', 'queue')).toBe(true);
    expect(run.task('a')).toMatchObject({ status: 'failed', settledStep: 2 });
    expect(run.errorCode).toBe('queue_timeout');
    expect(run.rows.timers.size).toBe(0);
  });

  test('A12: a queue timer that fires before its time is that of another attempt, and fails nothing', () => {
    const run = new Scenario(withNodes({ a: { ...echo, queueTimeoutMs: 5000 } }));
    run.now += 100;
    expect(run.run({ type: 'timer', key: 'a#0', kind: 'queue', attempt: 1 })).toEqual([false]);
    expect(run.rows.timers.size).toBe(1);
    expect(run.statuses).toEqual({ a: 'ready' });
  });

  test('A12: each attempt waits anew in the queue, and a task that has started is not timed out', () => {
    const run = new Scenario(withNodes({ a: { ...echo, queueTimeoutMs: 5000 } }));
    run.now += 5500;
    run.release('a', 'handback');
    expect(run.rows.timers.get('queue a#0')).toMatchObject({ attempt: 2, dueAt: NOW + 11_500 });
    run.task('a').status = 'running';
    expect(run.fire('a', 'queue')).toBe(false);
    expect(run.statuses).toEqual({ a: 'running' });
    expect(run.succeed('a')).toBe(true);
  });

  test('A12: a batch that hands a task out twice sets one timer, and none if it settles the task', () => {
    const run = new Scenario(withNodes({ a: { ...echo, queueTimeoutMs: 5000 }, b: echo }));
    const released = { type: 'released', reason: 'handback', ...run.claim('a') } as const;
    run.settle(released, { ...released, attempt: 2 });
    expect(run.last.timersSet).toMatchObject([{ kind: 'queue', attempt: 3 }]);
    const again = { type: 'released', reason: 'handback', ...run.claim('a') } as const;
    run.settle(again, { ...run.success('a'), attempt: 4 } as ReturnType<Scenario['success']>);
    expect(run.last.timersSet).toEqual([]);
    expect(run.rows.timers.size).toBe(0);
  });
});
