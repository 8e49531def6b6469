import { describe, expect, test } from 'vitest';
import { echo } from '../../validate/documents.ts';
import { superstep } from './documents.ts';

const log = { log: { type: 'array', reducer: 'append', default: [] } };
const writes = { ...echo, output: 'log' };

describe('a final failure in superstep mode', () => {
  const nodes = { ok: writes, bad: writes, slow: writes, next: { ...echo, needs: ['ok'], with: '${state.log}' } };

  test('B3, B9: aborts the others of its superstep, of which nothing is applied', () => {
    const run = superstep({ nodes, state: log });
    run.succeed('ok', 'ok', { stateUpdates: { log: ['ok', 'explicit'] } });
    run.fail('bad');
    expect(run.errorCode).toBe('boom');
    expect(run.statuses).toEqual({ bad: 'failed', ok: 'succeeded', slow: 'cancelled' });
    expect(run.state('log')).toEqual([]);
    expect(run.journal()).not.toContain('superstep');
  });

  test('B3, B9: what had finished is kept for a retry, which runs only the others', () => {
    const run = superstep({ nodes, state: log });
    run.succeed('ok', 'ok', { stateUpdates: { log: ['ok', 'explicit'] } });
    run.fail('bad');
    run.mail('retry');
    expect(run.statuses).toEqual({ bad: 'ready', ok: 'succeeded', slow: 'ready' });
    run.run(run.success('slow', 'slow'), run.success('bad', 'good'));
    expect(run.state('log')).toEqual(['good', 'ok', 'explicit', 'slow']);
    expect(run.task('ok').attempt).toBe(1);
    expect(run.input('next')).toEqual(['good', 'ok', 'explicit', 'slow']);
  });

  test('B9: what has been applied stays in the row as it was given', () => {
    const run = superstep({ nodes: { ok: echo }, state: log });
    run.succeed('ok', null, { stateUpdates: { log: 'x' }, goto: ['__end__'] });
    expect(run.status).toBe('succeeded');
    expect(run.task('ok').detail).toEqual({ kind: 'pending', stateUpdates: { log: 'x' }, goto: ['__end__'] });
  });

  test('A4: an attempt that is repeated stays in its superstep, and leaves no update behind', () => {
    const run = superstep({
      nodes: { a: { ...writes, retry: { maxAttempts: 2 } }, b: { ...echo, needs: ['a'] } },
      state: log,
    });
    run.fail('a', { retryable: true });
    expect(run.rows.head.generations).toBe(0);
    run.fire('a', 'retry');
    run.succeed('a', 'second');
    expect(run.state('log')).toEqual(['second']);
    expect(run.statuses['b']).toBe('ready');
  });

  test('B3: in a later superstep leaves what the earlier ones have written', () => {
    const run = superstep({ nodes: { a: writes, b: { ...writes, needs: ['a'] } }, state: log });
    run.succeed('a', 'a');
    run.fail('b');
    expect(run.state('log')).toEqual(['a']);
    run.mail('retry');
    run.succeed('b', 'b');
    expect(run.state('log')).toEqual(['a', 'b']);
    expect(run.status).toBe('succeeded');
  });
});

describe('what becomes of a failure in superstep mode', () => {
  const behind = {
    plain: { ...echo, needs: ['bad'] },
    both: { ...echo, needs: ['bad', 'ok'] },
    done: { ...echo, needs: ['bad', 'ok'], join: 'allDone' },
  };
  const document = (onFailure: unknown, more: object = {}) => ({
    nodes: { ok: writes, bad: { ...writes, onFailure }, ...behind, ...more },
    state: log,
  });

  test('B1: continue: its edges trigger, and it writes nothing', () => {
    const run = superstep(document('continue'));
    run.run(run.failure('bad'), run.success('ok', 'ok'));
    expect(run.statuses).toMatchObject({ plain: 'ready', both: 'ready', done: 'ready' });
    expect(run.state('log')).toEqual(['ok']);
  });

  test('B1: skipDependents: its edges trigger nothing but a join allDone, and the run fails at its end', () => {
    const run = superstep(document('skipDependents'));
    run.run(run.failure('bad'), run.success('ok', 'ok'));
    expect(run.statuses).toEqual({ bad: 'failed', done: 'ready', ok: 'succeeded' });
    run.succeed('done');
    expect(run.errorCode).toBe('tasks_failed');
  });

  test('B3: skipDependents: a retry runs it again, in a superstep of its own, and what follows from it', () => {
    const run = superstep(document('skipDependents'));
    run.run(run.failure('bad'), run.success('ok', 'ok'));
    run.succeed('done');
    run.mail('retry');
    expect(run.statuses).toMatchObject({ bad: 'ready', done: 'succeeded' });
    run.succeed('bad', 'good');
    expect(run.state('log')).toEqual(['ok', 'good']);
    expect(run.statuses).toMatchObject({ plain: 'ready', both: 'ready' });
    run.run(run.success('plain'), run.success('both'));
    expect(run.status).toBe('succeeded');
  });

  test('B1: goto: that node is triggered, and the others are not', () => {
    const run = superstep(document({ goto: 'mend' }, { mend: echo }));
    run.run(run.failure('bad'), run.success('ok', 'ok'));
    expect(run.statuses).toMatchObject({ mend: 'ready' });
    expect(run.statuses['plain']).toBeUndefined();
  });

  test('B1: goto: to an earlier node runs it again', () => {
    const run = superstep({ nodes: { a: echo, b: { ...echo, needs: ['a'], onFailure: { goto: 'a' } } } });
    run.succeed('a');
    run.fail('b');
    run.succeed('a');
    run.succeed('b');
    expect(run.status).toBe('succeeded');
  });

  test('B2: join any: each of its needs triggers the node by itself', () => {
    const nodes = { a: echo, b: { ...echo, needs: ['a'] }, c: { ...echo, needs: ['a', 'b'], join: 'any' } };
    const run = superstep({ nodes });
    run.succeed('a');
    run.run(run.success('b'), run.success('c'));
    expect(run.task('c').key).toBe('c#1');
  });
});

describe('bounds in superstep mode', () => {
  const loop = {
    nodes: { a: { ...echo, with: '${state.__meta}' } },
    edges: [
      ['__start__', 'a'],
      ['a', 'a'],
    ],
  };

  test('B5: maxSteps lets so many supersteps run, and the next one fails the run', () => {
    const run = superstep({ ...loop, maxSteps: 25 });
    let count = 0;
    while (!run.hasEnded) {
      run.succeed('a');
      count += 1;
    }
    expect(count).toBe(25);
    expect(run.errorCode).toBe('max_steps');
    expect(run.rows.ending?.error?.message).toBe('the run has taken 25 supersteps, as many as maxSteps allows');
  });

  test('B5: a retry does not let it run on', () => {
    const run = superstep({ ...loop, maxSteps: 1 });
    run.succeed('a');
    run.mail('retry');
    expect(run.errorCode).toBe('max_steps');
    expect(run.rows.steps.filter(({ type }) => type === 'task_succeeded')).toHaveLength(1);
  });

  test('B5: __meta counts supersteps', () => {
    const run = superstep({ ...loop, maxSteps: 2 });
    expect(run.input('a')).toMatchObject({ step: 0, remaining_steps: 2, is_last_step: false, node_name: 'a' });
    run.succeed('a');
    expect(run.input('a')).toMatchObject({ step: 1, remaining_steps: 1, is_last_step: true });
  });

  test('B5: maxIterations bounds one node', () => {
    const run = superstep({ ...loop, nodes: { a: { ...echo, maxIterations: 2 } } });
    run.succeed('a');
    run.succeed('a');
    expect(run.errorCode).toBe('max_iterations');
    run.mail('retry');
    expect(run.errorCode).toBe('max_iterations');
  });

  test('A13: a cancel closes the superstep, and nothing of it is applied', () => {
    const run = superstep({ nodes: { a: writes, b: echo }, state: log });
    run.succeed('a', 'a');
    run.mail('cancel');
    expect(run.status).toBe('cancelled');
    expect(run.state('log')).toEqual([]);
  });
});
