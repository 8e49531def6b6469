import { describe, expect, test } from 'vitest';
import { chain, echo, found, issuesOf, withNodes } from './documents.ts';

const route = (routes: object): object => ({ type: 'route', on: 'input.x', routes });

describe('references between nodes', () => {
  test.each([
    ['needs', withNodes({ a: { ...echo, needs: ['a2'] } }), ['missing_reference /nodes/a/needs/0']],
    ['the source of an edge', withNodes({ a: echo }, { edges: [['zz', 'a']] }), ['missing_reference /edges/0/0']],
    ['the target of an edge', withNodes({ a: echo }, { edges: [['a', 'zz']] }), ['missing_reference /edges/0/1']],
    ['the route of an edge', withNodes({ a: echo }, { edges: [['zz:v', 'a']] }), ['missing_reference /edges/0/0']],
    ['a route', withNodes({ r: route({ v: 'zz' }) }), ['invalid_route_target /nodes/r/routes/v']],
    [
      'a default',
      withNodes({ r: { type: 'route', on: '1', default: 'zz' } }),
      ['invalid_route_default /nodes/r/default'],
    ],
    [
      'the target of an edge of a route',
      withNodes({ r: { type: 'route', on: '1' } }, { edges: [['r:v', 'zz']] }),
      ['invalid_route_target /edges/0/1'],
    ],
    ['a breakpoint', withNodes({ a: echo }, { interruptAfter: ['a', 'zz'] }), ['missing_reference /interruptAfter/1']],
    ['goto', withNodes({ a: { ...echo, onFailure: { goto: 'zz' } } }), ['missing_reference /nodes/a/onFailure/goto']],
    [
      'goto the end',
      withNodes({ a: { ...echo, onFailure: { goto: '__end__' } } }),
      ['missing_reference /nodes/a/onFailure/goto'],
    ],
    ['an edge to the start', withNodes({ a: echo }, { edges: [['a', '__start__']] }), ['missing_reference /edges/0/1']],
    ['an edge from the end', withNodes({ a: echo }, { edges: [['__end__', 'a']] }), ['missing_reference /edges/0/0']],
    [
      'a member of every object',
      withNodes({ a: { ...echo, needs: ['toString'] } }),
      ['missing_reference /nodes/a/needs/0'],
    ],
  ])('%s: a name that there is not', (_, document, expected) => {
    expect(found(document)).toEqual(expected);
  });

  test('a value cannot choose the edge of a node that is no route', () => {
    expect(found(withNodes({ a: echo, b: echo }, { edges: [['a:yes', 'b']] }))).toEqual(['invalid_value /edges/0/0']);
  });

  test('a branch may end at __end__, and a run may begin at __start__', () => {
    const edges = [
      ['__start__', 'r'],
      ['a', '__end__'],
      ['r:stop', '__end__'],
    ];
    expect(found(withNodes({ r: route({ go: 'a' }), a: echo }, { edges }))).toEqual([]);
  });
});

describe('circles', () => {
  test('F51: a node that needs itself depends on itself', () => {
    expect(found(withNodes({ a: { ...echo, needs: ['a'] }, b: echo }))).toContain('self_dependency /nodes/a/needs/0');
    expect(found(withNodes({ a: echo, b: echo }, { edges: [['a', 'a']] }))).toContain('self_dependency /edges/0');
    expect(found(withNodes({ a: { ...echo, onFailure: { goto: 'a' } }, b: echo }))).toContain(
      'self_dependency /nodes/a/onFailure/goto',
    );
  });

  test('F51: a circle is told with its path', () => {
    const nodes = { a: { ...echo, needs: ['c'] }, b: { ...echo, needs: ['a'] }, c: { ...echo, needs: ['b'] } };
    const issues = issuesOf(withNodes(nodes));
    expect(issues).toMatchObject([{ code: 'cycle', pointer: '/nodes/a/needs/0' }]);
    expect(issues[0]?.message).toContain('a -> b -> c -> a');
  });

  test('each circle is told', () => {
    const nodes = {
      s: echo,
      a: { ...echo, needs: ['s', 'b'] },
      b: { ...echo, needs: ['a'] },
      c: { ...echo, needs: ['d'] },
      d: { ...echo, needs: ['c', 's'] },
    };
    expect(found(withNodes(nodes))).toEqual(['cycle /nodes/a/needs/1', 'cycle /nodes/d/needs/0']);
  });

  test('an edge back that leaves another node is a circle, although a route lies on it', () => {
    const nodes = {
      s: echo,
      a: { ...echo, needs: ['s', 'b'] },
      r: { ...route({ x: 'b', y: '__end__' }), needs: ['a'] },
      b: echo,
    };
    expect(found(withNodes(nodes))).toEqual(['cycle /nodes/a/needs/1']);
  });

  test('going on elsewhere on failure is none', () => {
    expect(
      found(withNodes({ a: { ...echo, onFailure: { goto: 'x' } }, x: echo, y: { ...echo, needs: ['x'] } })),
    ).toEqual([]);
  });
});

describe('nodes that no path leads to', () => {
  test('behind a circle without a start are told', () => {
    const nodes = { m: echo, x: { ...echo, needs: ['y'] }, y: { ...echo, needs: ['x'] }, z: { ...echo, needs: ['y'] } };
    expect(found(withNodes(nodes))).toEqual([
      'cycle /nodes/x/needs/0',
      'unreachable_node /nodes/x',
      'unreachable_node /nodes/y',
      'unreachable_node /nodes/z',
    ]);
  });

  test('are those that a document with edges from __start__ does not lead to', () => {
    const issues = issuesOf(
      withNodes({ a: echo, b: echo, c: { ...echo, needs: ['b'] } }, { edges: [['__start__', 'a']] }),
    );
    expect(issues.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      'unreachable_node /nodes/b',
      'unreachable_node /nodes/c',
    ]);
    expect(issues[0]?.message).toContain('["__start__", "b"]');
  });

  test('are not told on top of a reference that is missing', () => {
    expect(found(withNodes({ a: { ...echo, needs: ['zz'] }, b: { ...echo, needs: ['a'] } }))).toEqual([
      'missing_reference /nodes/a/needs/0',
    ]);
  });
});

describe('large graphs', () => {
  test('a chain of 10,000 nodes is valid', () => expect(found(withNodes(chain(10_000)))).toEqual([]));

  test('a circle of 10,000 nodes is told with its ends', () => {
    const nodes = { ...chain(10_000), n0: { ...echo, needs: ['n9999'] } };
    const issues = issuesOf(withNodes(nodes));
    expect(issues.map(({ code }) => code)).toEqual(['cycle']);
    expect(issues[0]?.message).toContain('n0 -> n1 -> n2 -> n3 -> n4 -> n5 -> (9988 more) -> n9994');
  });

  test('F51: 20,000 nodes are refused with the limit, whatever else is wrong', () => {
    const nodes = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`n${i}`, { type: 'bogus' }]));
    const issues = issuesOf(withNodes(nodes));
    expect(issues).toMatchObject([{ code: 'limit_nodes', pointer: '/nodes' }]);
    expect(issues[0]?.message).toContain('10000');
  });

  test('a flood of errors makes a bounded answer that says how many are left', () => {
    const issues = issuesOf(
      withNodes(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`n${i}`, { type: 'task', uses: 'nope' }]))),
    );
    expect(issues).toHaveLength(1001);
    expect(issues.at(-1)).toEqual({
      code: 'invalid_document',
      pointer: '',
      message: '4000 more errors are not listed',
    });
  });
});
