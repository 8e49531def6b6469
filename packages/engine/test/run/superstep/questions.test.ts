import { describe, expect, test } from 'vitest';
import { echo } from '../../validate/documents.ts';
import type { Scenario } from '../scenario.ts';
import { superstep } from './documents.ts';

const log = { log: { type: 'array', reducer: 'append', default: [] } };
const writes = { ...echo, output: 'log' };
const ask = { type: 'interrupt', message: 'Well?', output: 'log' };

function answer(run: Scenario, node: string, value: unknown, stateUpdates: object | null = null): void {
  const { detail } = run.task(node);
  if (detail?.kind !== 'question') throw new Error(`${node} asks nothing`);
  run.mail('answer', { answers: { [detail.id]: value }, stateUpdates, by: null } as never);
}

function passAll(run: Scenario): void {
  run.mail('answer', { answers: null, stateUpdates: null, by: null });
}

describe('a question in superstep mode', () => {
  const nodes = { ok: writes, q: ask, next: { ...writes, needs: ['ok', 'q'], with: '${state.log}' } };

  test('B9: holds the barrier: what has finished beside it stays pending, and is not done again', () => {
    const run = superstep({ nodes, state: log });
    run.succeed('ok', 'ok');
    expect(run.status).toBe('interrupted');
    expect(run.state('log')).toEqual([]);
    expect(run.statuses).toEqual({ ok: 'succeeded', q: 'waiting' });
    answer(run, 'q', 'yes');
    expect(run.state('log')).toEqual(['ok', 'yes']);
    expect(run.task('ok')).toMatchObject({ attempt: 1, settledStep: 3 });
    expect(run.input('next')).toEqual(['ok', 'yes']);
  });

  test('B9: is answered by itself, and the others stay open', () => {
    const run = superstep({ nodes: { a: ask, b: ask, next: { ...echo, needs: ['a', 'b'] } }, state: log });
    answer(run, 'b', 'B');
    expect(run.statuses).toEqual({ a: 'waiting', b: 'succeeded' });
    answer(run, 'a', 'A');
    expect(run.state('log')).toEqual(['A', 'B']);
    expect(run.statuses['next']).toBe('ready');
  });

  test.each([false, 0, '', null])('B9: takes the answer %j as one', (value) => {
    const run = superstep({ nodes: { q: ask }, state: log });
    answer(run, 'q', value);
    expect(run.status).toBe('succeeded');
    expect(run.state('log')).toEqual([value]);
  });

  test('B9: an update that comes with the answer is there before the barrier', () => {
    const run = superstep({ nodes: { q: ask, next: { ...echo, needs: ['q'], with: '${state.log}' } }, state: log });
    answer(run, 'q', 'yes', { log: 'first' });
    expect(run.input('next')).toEqual(['first', 'yes']);
  });

  test('B8: a wait and a signal hold the barrier as well', () => {
    const run = superstep({
      nodes: {
        a: echo,
        pause: { type: 'wait', ms: 100 },
        go: { type: 'wait', signal: 'go' },
        next: { ...echo, needs: ['a'] },
      },
    });
    run.succeed('a');
    run.fire('pause', 'wait');
    expect(run.statuses['next']).toBeUndefined();
    run.mail('signal', { name: 'go', payload: null });
    expect(run.statuses['next']).toBe('ready');
  });
});

describe('a breakpoint in superstep mode', () => {
  const nodes = {
    a: writes,
    b: { ...writes, needs: ['a'], with: '${state.log}' },
    c: { ...writes, needs: ['a'] },
    d: { ...echo, needs: ['b', 'c'] },
  };

  test('B8: before a node holds the run: none of its superstep begins', () => {
    const run = superstep({ nodes, state: log, interruptBefore: ['b'] });
    run.succeed('a', 'a');
    expect(run.status).toBe('interrupted');
    expect(run.statuses).toEqual({ a: 'succeeded', b: 'waiting' });
    passAll(run);
    expect(run.statuses).toMatchObject({ b: 'ready', c: 'ready' });
    expect(run.rows.head.generations).toBe(1);
  });

  test('B8: is passed once all of the superstep are, and what was injected meanwhile is seen', () => {
    const run = superstep({ nodes, state: log, interruptBefore: ['b', 'c'] });
    run.succeed('a', 'a');
    answer(run, 'b', null);
    expect(run.status).toBe('interrupted');
    run.mail('inject', { updates: { log: 'edited' }, afterNode: null });
    answer(run, 'c', null);
    expect(run.input('b')).toEqual(['a', 'edited']);
    expect(run.statuses).toMatchObject({ b: 'ready', c: 'ready' });
  });

  test('B8: stays passed when what came with its answer lets another node stop that would have been skipped', () => {
    const late = { a: { ...writes, when: 'size(state.log) > 0' }, b: writes };
    const run = superstep({ nodes: late, state: log, interruptBefore: ['a', 'b'] });
    expect(run.statuses).toEqual({ b: 'waiting' });
    answer(run, 'b', null, { log: 'edited' });
    expect(run.status).toBe('interrupted');
    expect(run.statuses).toEqual({ a: 'waiting', b: 'waiting' });
    answer(run, 'a', null);
    expect(run.statuses).toEqual({ a: 'ready', b: 'ready' });
  });

  test('B8: after a node holds the barrier, and what is held back is applied with it', () => {
    const run = superstep({ nodes, state: log, interruptAfter: ['b'] });
    run.succeed('a', 'a');
    run.run(run.success('b', 'b', { stateUpdates: { log: ['b', 'more'] }, goto: ['a'] }), run.success('c', 'c'));
    expect(run.status).toBe('interrupted');
    expect(run.state('log')).toEqual(['a']);
    passAll(run);
    expect(run.state('log')).toEqual(['a', 'b', 'more', 'c']);
    expect(run.statuses).toMatchObject({ a: 'ready', d: 'ready' });
  });

  test('B8: before a node that is skipped is none', () => {
    const run = superstep({ nodes: { a: echo, b: { ...echo, needs: ['a'], when: 'false' } }, interruptBefore: ['b'] });
    run.succeed('a');
    expect(run.status).toBe('succeeded');
  });

  test('B8: that nobody has passed when the run is cancelled is closed with it', () => {
    const run = superstep({ nodes, state: log, interruptBefore: ['a'] });
    run.mail('cancel');
    expect(run.statuses).toEqual({ a: 'cancelled' });
  });
});
