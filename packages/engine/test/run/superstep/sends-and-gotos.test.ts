import { describe, expect, test } from 'vitest';
import { echo } from '../../validate/documents.ts';
import { superstep } from './documents.ts';

const log = { log: { type: 'array', reducer: 'append', default: [] } };
const writes = { ...echo, output: 'log' };

describe('a goto in superstep mode', () => {
  const nodes = { a: echo, b: { ...echo, needs: ['a'] }, c: echo, d: { ...echo, needs: ['c'] } };
  const edges = [
    ['__start__', 'a'],
    ['__start__', 'c'],
  ];

  test('B4: adds to the edges of its node', () => {
    const run = superstep({
      nodes: { a: echo, b: { ...echo, needs: ['a'] }, x: echo },
      edges: [
        ['__start__', 'a'],
        ['b', 'x'],
      ],
    });
    run.succeed('a', null, { goto: ['x'] });
    expect(run.statuses).toEqual({ a: 'succeeded', b: 'ready', x: 'ready' });
  });

  test('B4: to the end is passed over', () => {
    const run = superstep({ nodes: { a: echo, b: { ...echo, needs: ['a'] } } });
    run.succeed('a', null, { goto: ['__end__'] });
    expect(run.statuses).toEqual({ a: 'succeeded', b: 'ready' });
  });

  test('B4: to a node that there is not fails its task, where others pass it over', () => {
    const run = superstep({ nodes: { a: echo, b: { ...echo, needs: ['a'] } } });
    run.succeed('a', null, { goto: ['nowhere'] });
    expect(run.errorCode).toBe('invalid_goto');
  });

  test('B9: runs a node again that has run, and what follows from it', () => {
    const run = superstep({ nodes, edges });
    run.run(run.success('a'), run.success('c'));
    run.run(run.success('b', null, { goto: ['c'] }), run.success('d'));
    expect(run.task('c').key).toBe('c#1');
    run.succeed('c');
    expect(run.task('d').key).toBe('d#1');
    run.succeed('d');
    expect(run.status).toBe('succeeded');
  });

  test('B9: triggers a node once, whatever else triggers it', () => {
    const run = superstep({ nodes, edges });
    run.run(run.success('a', null, { goto: ['b', 'd'] }), run.success('c', null, { goto: ['b'] }));
    expect(run.statuses).toEqual({ a: 'succeeded', b: 'ready', c: 'succeeded', d: 'ready' });
  });

  test('B9: may lead to a route, which is decided at the barrier', () => {
    const run = superstep({
      nodes: { a: echo, way: { type: 'route', on: 'nodes.a', routes: { x: 'b' }, needs: ['c'] }, b: echo, c: echo },
      edges: [
        ['__start__', 'a'],
        ['__start__', 'c'],
      ],
    });
    run.succeed('a', 'x', { goto: ['way'] });
    run.succeed('c');
    expect(run.statuses['b']).toBe('ready');
  });

  test('B9: of an item counts as that of any task', () => {
    const run = superstep({
      nodes: { each: { type: 'send', items: [1, 2], target: 'w' }, w: echo, x: echo },
      edges: [['w', 'x']],
    });
    run.succeed('each#0[0]/w#0', null, { goto: ['x'] });
    run.succeed('each#0[1]/w#0', null, { goto: ['x'] });
    run.succeed('x');
    expect(run.status).toBe('succeeded');
  });
});

describe('a send in superstep mode', () => {
  const nodes = {
    plan: { ...echo, output: 'items' },
    each: { type: 'send', items: '${state.items}', target: 'w', needs: ['plan'] },
    w: { ...writes, with: { item: '${item}' } },
    sum: { ...echo, needs: ['w'], with: { log: '${state.log}', each: '${each}' } },
  };
  const state = { ...log, items: { type: 'array' } };

  test('B9: reads the state that its source has written, and its items run in the next superstep', () => {
    const run = superstep({ nodes, state });
    run.succeed('plan', ['x', 'y']);
    expect(run.rows.head.generations).toBe(1);
    expect(run.input('each#0[1]/w#0')).toEqual({ item: 'y' });
  });

  test('B9: to a node three times, with one edge on, runs what follows once', () => {
    const run = superstep({ nodes, state });
    run.succeed('plan', [1, 2, 3]);
    for (const index of [2, 0, 1]) run.succeed(`each#0[${index}]/w#0`, `w${index}`);
    expect(run.task('sum').key).toBe('sum#0');
    expect(run.input('sum')).toMatchObject({ log: ['w0', 'w1', 'w2'] });
    run.succeed('sum');
    expect(run.status).toBe('succeeded');
  });

  test('B9: is followed by its own edges with the results of its items, in the same superstep', () => {
    const run = superstep({ nodes: { ...nodes, after: { ...echo, needs: ['each'] } }, state });
    run.succeed('plan', [1]);
    run.succeed('each#0[0]/w#0', 'w');
    expect(run.statuses).toMatchObject({ sum: 'ready', after: 'ready' });
  });

  test('B9: without items runs nothing of what it sends to; its own edges are followed', () => {
    const run = superstep({ nodes: { ...nodes, after: { ...echo, needs: ['each'] } }, state });
    run.succeed('plan', []);
    expect(run.statuses).toEqual({ after: 'ready', each: 'succeeded', plan: 'succeeded' });
  });

  test('B7, B9: writes its own output as a node, in the order of its name', () => {
    const run = superstep({
      nodes: { each: { type: 'send', items: [1, 2], target: 'w', output: 'log' }, w: writes },
      state: log,
    });
    run.succeed('each#0[1]/w#0', 'b');
    run.succeed('each#0[0]/w#0', 'a');
    expect(run.state('log')).toEqual(['a', 'b', 'a', 'b']);
  });

  test('B7, B9: an item that has failed ends the run, and nothing of the superstep is applied', () => {
    const run = superstep({ nodes, state });
    run.succeed('plan', [1, 2]);
    run.succeed('each#0[0]/w#0', 'w0');
    run.fail('each#0[1]/w#0');
    expect(run.errorCode).toBe('item_failed');
    expect(run.state('log')).toEqual([]);
    run.mail('retry');
    run.succeed('each#0[1]/w#0', 'w1');
    expect(run.state('log')).toEqual(['w0', 'w1']);
    expect(run.statuses['sum']).toBe('ready');
  });
});

describe('a deferred node', () => {
  const unequal = {
    a: writes,
    b: { ...writes, needs: ['a'] },
    c: { ...writes, needs: ['a'] },
    c2: { ...writes, needs: ['c'] },
  };

  test('B8: of an unequal diamond runs once, as the last one', () => {
    const edges = [
      ['b', 'd'],
      ['c2', 'd'],
    ];
    const run = superstep({ nodes: { ...unequal, d: { ...writes, defer: true } }, edges, state: log });
    run.succeed('a', 'a');
    run.run(run.success('b', 'b'), run.success('c', 'c'));
    expect(run.statuses['d']).toBeUndefined();
    run.succeed('c2', 'c2');
    run.succeed('d', 'd');
    expect(run.status).toBe('succeeded');
    expect(run.state('log')).toEqual(['a', 'b', 'c', 'c2', 'd']);
  });

  test('B8: waits for what is sent as well, where others run it too early and a second time', () => {
    const nodes = {
      plan: echo,
      each: { type: 'send', items: [0, 1, 2], target: 'w', needs: ['plan'] },
      w: writes,
      red: { ...echo, defer: true, with: '{{ state.log | size }}' },
    };
    const run = superstep({
      nodes,
      edges: [
        ['plan', 'red'],
        ['w', 'red'],
      ],
      state: log,
    });
    run.succeed('plan');
    expect(run.statuses['red']).toBeUndefined();
    for (const index of [0, 1, 2]) run.succeed(`each#0[${index}]/w#0`, `w${index}`);
    expect(run.input('red')).toBe('3');
    run.succeed('red');
    expect(run.status).toBe('succeeded');
  });

  test('B8: that nothing triggers does not run', () => {
    const nodes = {
      a: echo,
      way: { type: 'route', on: '"no"', routes: { yes: 'd', no: '__end__' }, needs: ['a'] },
      d: { ...echo, defer: true },
    };
    const run = superstep({ nodes });
    run.succeed('a');
    expect(run.status).toBe('succeeded');
  });

  test('B8: may lead on, and be triggered anew', () => {
    const nodes = {
      a: echo,
      d: { ...echo, defer: true, needs: ['a'] },
      more: { type: 'route', on: 'nodes.d', routes: { yes: 'a', no: '__end__' }, needs: ['d'] },
    };
    const run = superstep({ nodes });
    run.succeed('a');
    run.succeed('d', 'yes');
    run.succeed('a');
    run.succeed('d', 'no');
    expect(run.status).toBe('succeeded');
    expect(run.task('d').key).toBe('d#1');
  });
});
