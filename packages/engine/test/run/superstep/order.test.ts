import { describe, expect, test } from 'vitest';
import { echo } from '../../validate/documents.ts';
import { superstep } from './documents.ts';

const log = { log: { type: 'array', reducer: 'append', default: [] } };
const writes = { ...echo, output: 'log' };
const reads = { ...echo, with: '${state.log}' };

describe('a superstep', () => {
  test('B9: a chain takes one superstep a node, each with its outcome and its barrier in the journal', () => {
    const run = superstep({ nodes: { a: writes, b: { ...writes, needs: ['a'] } }, state: log });
    run.succeed('a', 'one');
    run.succeed('b', 'two');
    const turn = (node: string): string[] => [`task_succeeded ${node}`, 'superstep'];
    expect(run.journal()).toEqual(['run_started', ...turn('a'), ...turn('b'), 'run_ended']);
    expect(run.state('log')).toEqual(['one', 'two']);
  });

  test('B9: ends with the slowest of its nodes: what follows a fast one waits for it', () => {
    const run = superstep({ nodes: { fast: echo, slow: echo, next: { ...echo, needs: ['fast'] } } });
    run.succeed('fast');
    expect(run.statuses).toEqual({ fast: 'succeeded', slow: 'ready' });
    run.succeed('slow');
    expect(run.statuses['next']).toBe('ready');
  });

  test('B9: applies updates in the order of names, whatever finished first', () => {
    const run = superstep({
      nodes: { in: writes, a: { ...writes, needs: ['in'] }, z: { ...writes, needs: ['in'] } },
      state: log,
    });
    run.succeed('in', 'in');
    run.succeed('z', 'z');
    run.succeed('a', 'a');
    expect(run.state('log')).toEqual(['in', 'a', 'z']);
  });

  test('B9: applies the updates of items by their index, after those of the nodes', () => {
    const items = Array.from({ length: 12 }, (_, index) => index);
    const nodes = {
      plan: echo,
      z: { ...writes, needs: ['plan'] },
      a: { type: 'send', items, target: 'w', needs: ['plan'] },
      w: writes,
    };
    const run = superstep({ nodes, state: log });
    run.succeed('plan');
    for (const index of items.toReversed()) run.succeed(`a#0[${index}]/w#0`, index);
    expect(run.state('log')).toEqual([]);
    run.succeed('z', 'z');
    expect(run.state('log')).toEqual(['z', ...items]);
  });

  test('B9: applies the updates of sends within sends by their path', () => {
    const nodes = {
      rows: { type: 'send', items: [[1, 2], [3]], target: 'row' },
      row: { type: 'send', items: '${item}', target: 'cell' },
      cell: { ...writes, with: '${item}' },
    };
    const run = superstep({ nodes, state: log });
    run.succeed('rows#0[1]/row#0[0]/cell#0', 3);
    run.succeed('rows#0[0]/row#0[1]/cell#0', 2);
    run.succeed('rows#0[0]/row#0[0]/cell#0', 1);
    expect(run.state('log')).toEqual([1, 2, 3]);
  });

  test('B9: shows the state of the last barrier until its own, to whoever begins late in it', () => {
    const nodes = {
      a: writes,
      each: { type: 'send', items: [1, 2], target: 'w', concurrency: 1 },
      w: { ...reads, output: 'log' },
      next: { ...reads, needs: ['a', 'each'] },
    };
    const run = superstep({ nodes, state: log });
    run.succeed('a', 'a');
    run.succeed('each#0[0]/w#0', 1);
    expect(run.input('each#0[1]/w#0')).toEqual([]);
    run.succeed('each#0[1]/w#0', 2);
    expect(run.input('next')).toEqual(['a', 1, 2]);
  });

  test('B9: shows results of nodes as the last barrier saw them', () => {
    const nodes = {
      a: echo,
      b: { ...echo, needs: ['a'] },
      c: { ...echo, needs: ['b'], with: { a: '${a}', b: '${b}' } },
    };
    const edges = [
      ['b', 'a'],
      ['__start__', 'a'],
    ];
    const run = superstep({ nodes, edges });
    run.succeed('a', 'a0');
    run.succeed('b', 'b0');
    expect(run.input('c')).toEqual({ a: 'a0', b: 'b0' });
    run.succeed('a', 'a1');
    run.succeed('c');
    expect(run.task('b').key).toBe('b#1');
    run.succeed('b', 'b1');
    expect(run.input('c')).toEqual({ a: 'a1', b: 'b1' });
  });

  test('B9: state that is injected while it runs is there at once, and the barrier goes on from it', () => {
    const run = superstep({ nodes: { a: writes, b: writes, c: { ...reads, needs: ['a', 'b'] } }, state: log });
    run.succeed('a', 'a');
    run.mail('inject', { updates: { log: 'injected' }, afterNode: null });
    expect(run.state('log')).toEqual(['injected']);
    run.succeed('b', 'b');
    expect(run.input('c')).toEqual(['injected', 'a', 'b']);
  });
});

describe('edges', () => {
  test('B9: each triggers its target: of an unequal diamond the last node runs twice', () => {
    const edges = [
      ['a', 'b'],
      ['a', 'c'],
      ['c', 'c2'],
      ['b', 'd'],
      ['c2', 'd'],
    ];
    const run = superstep({ nodes: { a: writes, b: writes, c: writes, c2: writes, d: writes }, edges, state: log });
    run.succeed('a', 'a');
    run.run(run.success('b', 'b'), run.success('c', 'c'));
    run.run(run.success('d', 'd0'), run.success('c2', 'c2'));
    expect(run.task('d').key).toBe('d#1');
    run.succeed('d', 'd1');
    expect(run.state('log')).toEqual(['a', 'b', 'c', 'c2', 'd0', 'd1']);
    expect(run.status).toBe('succeeded');
  });

  test('B9: that fire in one superstep trigger their target once', () => {
    const run = superstep({
      nodes: { a: echo, b: echo, c: echo },
      edges: [
        ['a', 'c'],
        ['b', 'c'],
      ],
    });
    run.run(run.success('a'), run.success('b'));
    run.succeed('c');
    expect(run.status).toBe('succeeded');
    expect(run.task('c').key).toBe('c#0');
  });

  test('B9: `needs` with several names wait for all of them, so that the node runs once', () => {
    const nodes = {
      a: echo,
      b: { ...echo, needs: ['a'] },
      c: { ...echo, needs: ['a'] },
      c2: { ...echo, needs: ['c'] },
      d: { ...echo, needs: ['b', 'c2'] },
    };
    const run = superstep({ nodes });
    run.succeed('a');
    run.run(run.success('b'), run.success('c'));
    expect(run.statuses['d']).toBeUndefined();
    run.succeed('c2');
    run.succeed('d');
    expect(run.status).toBe('succeeded');
  });

  test('B9: such a barrier is empty again once its node has run', () => {
    const nodes = {
      a: echo,
      b: echo,
      both: { ...echo, needs: ['a', 'b'] },
      more: { type: 'route', on: 'nodes.both', routes: { a: 'a', b: 'b', no: '__end__' }, needs: ['both'] },
    };
    const run = superstep({
      nodes,
      edges: [
        ['__start__', 'a'],
        ['__start__', 'b'],
      ],
    });
    run.run(run.success('a'), run.success('b'));
    run.succeed('both', 'a');
    run.succeed('a');
    expect(run.task('both').key).toBe('both#0');
    expect(run.status).toBe('succeeded');
  });

  test('B9: such a barrier counts a node that fires twice once', () => {
    const nodes = {
      a: echo,
      again: { type: 'route', on: 'nodes.a', routes: { yes: 'a', go: 'b' }, needs: ['a'] },
      b: echo,
      both: { ...echo, needs: ['a', 'b'] },
    };
    const run = superstep({ nodes, edges: [['__start__', 'a']] });
    run.succeed('a', 'yes');
    run.succeed('a', 'yes');
    run.succeed('a', 'go');
    expect(run.statuses['both']).toBeUndefined();
    run.succeed('b');
    expect(run.statuses['both']).toBe('ready');
  });

  test('B9: a barrier that is not full when all else is done is left, and the run ends', () => {
    const nodes = {
      a: echo,
      way: { type: 'route', on: '"no"', routes: { yes: 'b', no: '__end__' }, needs: ['a'] },
      b: echo,
      both: { ...echo, needs: ['a', 'b'] },
    };
    const run = superstep({ nodes });
    run.succeed('a');
    expect(run.status).toBe('succeeded');
    expect(run.statuses).toEqual({ a: 'succeeded', way: 'succeeded' });
  });

  test('B9: may lead back without a route, and the run goes round until nothing is triggered', () => {
    const nodes = { ping: { ...writes, when: 'size(state.log) < 4' }, pong: { ...writes, needs: ['ping'] } };
    const run = superstep({
      nodes,
      edges: [
        ['__start__', 'ping'],
        ['pong', 'ping'],
      ],
      state: log,
    });
    for (const word of ['ping', 'pong', 'ping', 'pong']) run.succeed(word, word);
    expect(run.status).toBe('succeeded');
    expect(run.state('log')).toEqual(['ping', 'pong', 'ping', 'pong']);
    expect(run.task('ping')).toMatchObject({ key: 'ping#2', status: 'skipped' });
  });

  test('B9: a node may lead to itself', () => {
    const run = superstep({
      nodes: { a: { ...echo, when: 'nodes.a != "stop"' } },
      edges: [
        ['__start__', 'a'],
        ['a', 'a'],
      ],
    });
    run.succeed('a', 'go');
    expect(run.task('a').key).toBe('a#1');
    run.succeed('a', 'stop');
    expect(run.status).toBe('succeeded');
  });
});

describe('a route', () => {
  const nodes = {
    a: { ...echo, output: 'last' },
    b: writes,
    way: {
      type: 'route',
      on: 'state.last + string(size(state.log))',
      routes: { go1: 'c', stop1: '__end__' },
      needs: ['a'],
    },
    c: { ...echo, with: '${way.route}' },
  };
  const state = { ...log, last: { type: 'string' } };

  test('B9: reads the new state, with what its source and the others of the superstep have written', () => {
    const run = superstep({ nodes, state });
    run.succeed('a', 'go');
    expect(run.statuses['way']).toBeUndefined();
    run.succeed('b', 'b');
    expect(run.statuses).toMatchObject({ way: 'succeeded', c: 'ready' });
    expect(run.input('c')).toBe('go1');
  });

  test('B5, B9: takes no superstep of its own', () => {
    const run = superstep({ nodes, state });
    run.run(run.success('a', 'go'), run.success('b', 'b'));
    expect(run.rows.head.generations).toBe(1);
  });

  test('B9: several in a row are decided at the same barrier', () => {
    const run = superstep({
      nodes: {
        a: echo,
        r1: { type: 'route', on: '"x"', routes: { x: 'r2' }, needs: ['a'] },
        r2: { type: 'route', on: 'nodes.r1.route', routes: { x: 'b' } },
        b: echo,
      },
    });
    run.succeed('a');
    expect(run.statuses['b']).toBe('ready');
    expect(run.rows.head.generations).toBe(1);
  });

  test('B9: may begin a run', () => {
    const run = superstep({ nodes: { way: { type: 'route', on: '"x"', routes: { x: 'a' } }, a: echo, b: echo } });
    expect(run.statuses).toEqual({ a: 'ready', b: 'ready', way: 'succeeded' });
    expect(run.rows.head.generations).toBe(0);
  });

  test('B3: without a match fails the run after the barrier; a retry decides it again', () => {
    const run = superstep({ nodes, state });
    run.run(run.success('a', 'other'), run.success('b', 'b'));
    expect(run.errorCode).toBe('route_no_match');
    expect(run.state('log')).toEqual(['b']);
    run.mail('retry');
    expect(run.errorCode).toBe('route_no_match');
    expect(run.state('log')).toEqual(['b']);
  });
});

test('B9: a transform is a node of a superstep, and what it writes is seen in the next one', () => {
  const nodes = {
    count: { type: 'transform', updates: { n: 1 } },
    more: { type: 'route', on: 'state.n < 3', routes: { true: 'count', false: 'done' }, needs: ['count'] },
    done: { ...echo, with: '${state.n}' },
  };
  const run = superstep({ nodes, state: { n: { type: 'number', reducer: 'add', default: 0 } } });
  expect(run.input('done')).toBe(3);
  expect(run.rows.head.generations).toBe(3);
  expect(run.task('count').key).toBe('count#2');
});
