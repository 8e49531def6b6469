import { describe, expect, test } from 'vitest';
import { echo, withNodes } from '../validate/documents.ts';
import { NOW, Scenario } from './scenario.ts';

const placed = { endpoint: 'small', model: 'm1', why: { score: 1 } };
const reading = {
  name: 'flow',
  state: { told: { type: 'string', default: 'nothing' } },
  nodes: { a: { ...echo, with: { told: '${state.told}' } } },
};

describe('an attempt that does not finish its task', () => {
  test('A4: hands it out again with what it has left, and costs no failure', () => {
    const run = new Scenario(withNodes({ a: echo }));
    const late = run.success('a', 'late');
    run.run(run.again('a', { page: 2 }));
    expect(run.task('a')).toMatchObject({
      status: 'ready',
      attempt: 2,
      failures: 0,
      crashes: 0,
      detail: { kind: 'memo', memo: { page: 2 } },
    });
    expect(run.last.ready.map(({ key }) => key)).toEqual(['a#0']);
    expect(run.run(late)).toEqual([false]);
    run.succeed('a');
    expect(run.task('a')).toMatchObject({ status: 'succeeded', attempt: 2, detail: null });
    expect(run.journal()).toEqual(['run_started', 'task_continued a', 'task_succeeded a', 'run_ended']);
  });

  test('A12: makes it wait as long as it says', () => {
    const run = new Scenario(withNodes({ a: echo }));
    run.run(run.again('a', null, { afterMs: 250.5 }));
    expect(run.task('a')).toMatchObject({ status: 'waiting', waits: 'retry', attempt: 2, worker: null });
    expect(run.last.timersSet).toEqual([{ key: 'a#0', kind: 'retry', attempt: 2, dueAt: NOW + 251 }]);
    run.fire('a', 'retry');
    expect(run.task('a')).toMatchObject({ status: 'ready', attempt: 2 });
  });

  test('A7: the next turn reads the state as it is by then, and its failures count anew', () => {
    const run = new Scenario({ ...reading, nodes: { a: { ...reading.nodes.a, retry: { maxAttempts: 2 } } } });
    run.fail('a', { retryable: true });
    run.fire('a', 'retry');
    run.rows.send('inject', { updates: { told: 'stop' } }, 'm1');
    run.run({ type: 'advance' });
    expect(run.input('a')).toEqual({ told: 'nothing' });
    run.run(run.again('a', { turns: 1 }, { isTurn: true }));
    expect(run.input('a')).toEqual({ told: 'stop' });
    expect(run.task('a')).toMatchObject({ status: 'ready', attempt: 3, failures: 0, detail: { memo: { turns: 1 } } });
  });

  test('A4: what it has left outlives crashes and failures, unless the failure says that it is worthless', () => {
    const run = new Scenario(withNodes({ a: { ...echo, retry: { maxAttempts: 5 } } }));
    run.run(run.again('a', 'kept', { isTurn: true }));
    run.release('a', 'crash');
    expect(run.task('a').detail).toEqual({ kind: 'memo', memo: 'kept' });
    run.fail('a', { retryable: true });
    expect(run.task('a').detail).toEqual({ kind: 'memo', memo: 'kept' });
    run.fire('a', 'retry');
    run.fail('a', { retryable: true, memo: null });
    expect(run.task('a').detail).toBeNull();
    run.fire('a', 'retry');
    run.fail('a', { retryable: true, memo: ['other'] });
    expect(run.task('a').detail).toEqual({ kind: 'memo', memo: ['other'] });
  });

  test('B9: a turn writes to the state at once, and in superstep mode not at all', () => {
    const run = new Scenario(reading);
    run.run(run.again('a', null, { isTurn: true, stateUpdates: { told: 'by itself' } }));
    expect(run.input('a')).toEqual({ told: 'by itself' });
    run.run(run.again('a', null, { isTurn: true, stateUpdates: { nowhere: 1 } }));
    expect(run.errorCode).toBe('undeclared_key');
    const stepwise = new Scenario({ ...reading, mode: 'superstep' });
    stepwise.run(stepwise.again('a', null, { isTurn: true, stateUpdates: { told: 'too soon' } }));
    expect(stepwise.errorCode).toBe('turn_updates_in_superstep');
  });

  test('A5: what it has spent is kept for each attempt, with where it was spent', () => {
    const run = new Scenario(withNodes({ a: echo }));
    const usage = { inputTokens: 1, outputTokens: 2, usd: 0.5 };
    run.run(run.again('a', null, { usage, placed }));
    run.succeed('a', null, { placed });
    expect(Array.from(run.rows.usage.values())).toEqual([
      { key: 'a#0', epoch: 0, attempt: 1, usage, placed },
      { key: 'a#0', epoch: 0, attempt: 2, usage: { inputTokens: 0, outputTokens: 0, usd: 0 }, placed },
    ]);
    expect(run.rows.steps.map(({ facts }) => facts.placed?.endpoint)).toEqual([undefined, 'small', 'small', undefined]);
  });
});
