import { describe, expect, test } from 'vitest';
import { echo } from '../../validate/documents.ts';
import { superstep } from './documents.ts';

const log = { log: { type: 'array', reducer: 'append', default: [] } };
const last = { last: { type: 'any' } };

/** Nodes a and b side by side, and c after both. */
const pair = {
  a: echo,
  b: echo,
  c: { ...echo, needs: ['a', 'b'], with: { last: '${state.last}', log: '${state.log}' } },
};

describe('a state key without a reducer', () => {
  test('B9: takes one update a superstep: two fail the run, and say which key and which nodes', () => {
    const run = superstep({ nodes: pair, state: { ...last, ...log } });
    run.succeed('b', null, { stateUpdates: { last: 1 } });
    run.succeed('a', null, { stateUpdates: { last: 1 } });
    expect(run.errorCode).toBe('concurrent_update');
    expect(run.rows.ending?.error).toMatchObject({ details: { key: 'last', nodes: ['a', 'b'] } });
    expect(run.rows.ending?.error?.message).toContain('last takes one update in a superstep');
    expect(run.rows.writes).toEqual([]);
  });

  test('B9: fails the run again when that is retried, since nothing has to be done anew', () => {
    const run = superstep({ nodes: pair, state: { ...last, ...log } });
    run.succeed('b', null, { stateUpdates: { last: 1 } });
    run.succeed('a', null, { stateUpdates: { last: 1 } });
    run.mail('retry');
    expect(run.errorCode).toBe('concurrent_update');
    expect(run.statuses).toEqual({ a: 'succeeded', b: 'succeeded' });
  });

  test('B9: takes an update in each superstep, and null is a value', () => {
    const run = superstep({ nodes: { a: echo, b: { ...echo, needs: ['a'] } }, state: last });
    run.succeed('a', null, { stateUpdates: { last: 'x' } });
    expect(run.state('last')).toBe('x');
    run.succeed('b', null, { stateUpdates: { last: null } });
    expect(run.state('last')).toBeNull();
  });

  test('C2: is not written by a node that names no update', () => {
    const run = superstep({ nodes: { a: echo, b: { ...echo, needs: ['a'] } }, state: last });
    run.succeed('a', 'output', { stateUpdates: { last: 'x' } });
    run.succeed('b', 'output');
    expect(run.state('last')).toBe('x');
  });

  test('B9: takes the updates of one item of a send only', () => {
    const nodes = { each: { type: 'send', items: [1, 2], target: 't' }, t: { ...echo, output: 'last' } };
    const run = superstep({ nodes, state: last });
    run.succeed('each#0[0]/t#0', 'x');
    run.succeed('each#0[1]/t#0', 'y');
    expect(run.errorCode).toBe('concurrent_update');
  });
});

describe('a state key with a reducer', () => {
  test('C2: takes all updates of a superstep in one write of its step', () => {
    const run = superstep({ nodes: pair, state: { ...last, ...log } });
    run.succeed('b', null, { stateUpdates: { log: 'b' } });
    run.succeed('a', null, { stateUpdates: { log: ['a1', 'a2'] } });
    expect(run.state('log')).toEqual(['a1', 'a2', 'b']);
    expect(run.rows.writes).toHaveLength(1);
    expect(run.input('c')).toEqual({ last: null, log: ['a1', 'a2', 'b'] });
  });

  test.each([
    ['append', [], 'x', ['y', 'z'], ['x', 'y', 'z']],
    ['add', 10, 1, 2, 13],
    ['min', 10, 4, 3, 3],
    ['max', 10, 14, 13, 14],
    ['merge', { k: { v: 1 } }, { k: 5 }, { k: { w: 2 } }, { k: { w: 2 } }],
    [
      'add_messages',
      [],
      { id: '1', text: 'x' },
      { id: '2', text: 'y' },
      [
        { id: '1', text: 'x' },
        { id: '2', text: 'y' },
      ],
    ],
  ])('C2: %s folds them one after the other', (reducer, value, first, second, expected) => {
    const run = superstep({ nodes: { a: echo, b: echo }, state: { key: { type: 'any', reducer, default: value } } });
    run.succeed('b', null, { stateUpdates: { key: second } });
    run.succeed('a', null, { stateUpdates: { key: first } });
    expect(run.state('key')).toEqual(expected);
  });

  test('B9: an overwrite replaces the value, and the other updates of its superstep are dropped, before it and after', () => {
    const run = superstep({ nodes: { a: echo, b: echo, c: echo }, state: log });
    run.succeed('a', null, { stateUpdates: { log: 'a' } });
    run.succeed('c', null, { stateUpdates: { log: 'c' } });
    run.succeed('b', null, { stateUpdates: { log: { __overwrite: true, value: ['OW'] } } });
    expect(run.state('log')).toEqual(['OW']);
  });

  test('B9: two overwrites in one superstep fail the run', () => {
    const overwrite = { log: { __overwrite: true, value: ['OW'] } };
    const run = superstep({ nodes: { a: echo, b: echo }, state: log });
    run.succeed('a', null, { stateUpdates: overwrite });
    run.succeed('b', null, { stateUpdates: overwrite });
    expect(run.errorCode).toBe('concurrent_update');
    expect(run.rows.ending?.error?.message).toContain('log can be overwritten once in a superstep');
  });

  test('C2: what looks like several updates is refused from outside', () => {
    const run = superstep({ nodes: { a: echo }, state: log });
    run.succeed('a', null, { stateUpdates: { log: { __updates: ['x'] } } });
    expect(run.errorCode).toBe('bad_update');
  });

  test('C2: an unknown key fails its task, where others pass it over', () => {
    const run = superstep({ nodes: { a: echo }, state: log });
    run.succeed('a', null, { stateUpdates: { nowhere: 1 } });
    expect(run.errorCode).toBe('undeclared_key');
  });
});

describe('an ephemeral key', () => {
  const note = { note: { type: 'any', ephemeral: true } };
  const read = { ...echo, with: '${state.note}' };

  test('C2: is seen in the next superstep and in no other', () => {
    const run = superstep({
      nodes: { a: echo, b: { ...read, needs: ['a'] }, c: { ...read, needs: ['b'] } },
      state: note,
    });
    run.succeed('a', null, { stateUpdates: { note: 'psst' } });
    expect(run.input('b')).toBe('psst');
    run.succeed('b');
    expect(run.input('c')).toBeNull();
    expect(run.rows.writes).toEqual([]);
  });

  test('C2: is seen by all of that superstep: behind routes, by late items, and after a breakpoint', () => {
    const nodes = {
      a: echo,
      way: { type: 'route', on: 'state.note', routes: { psst: 'b' }, needs: ['a'] },
      b: read,
      each: { type: 'send', items: [1, 2, 3], target: 't', concurrency: 1, needs: ['a'] },
      t: read,
    };
    const run = superstep({ nodes, state: note, interruptBefore: ['b'] });
    run.succeed('a', null, { stateUpdates: { note: 'psst' } });
    run.mail('answer', { answers: null, stateUpdates: null, by: null });
    expect(run.input('b')).toBe('psst');
    run.succeed('each#0[0]/t#0');
    run.succeed('each#0[1]/t#0');
    expect(run.input('each#0[2]/t#0')).toBe('psst');
  });

  test('B9: takes one update a superstep, as any key without a reducer', () => {
    const run = superstep({ nodes: { a: echo, b: echo }, state: note });
    run.succeed('a', null, { stateUpdates: { note: 1 } });
    run.succeed('b', null, { stateUpdates: { note: 2 } });
    expect(run.errorCode).toBe('concurrent_update');
  });
});
