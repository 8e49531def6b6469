import { describe, expect, test } from 'vitest';
import { echo, found, issuesOf, withNodes } from './documents.ts';

const steps = (nodes: object, rest: object = {}): unknown => withNodes(nodes, { mode: 'superstep', ...rest });
const route = (routes: object, needs: string[] = []): object => ({ type: 'route', on: 'input.x', routes, needs });

describe('in superstep mode', () => {
  test('B9: edges of any kind may lead back, to a node itself, too', () => {
    expect(
      found(
        steps(
          { a: echo, b: { ...echo, needs: ['a'] } },
          {
            edges: [
              ['__start__', 'a'],
              ['b', 'a'],
              ['b', 'b'],
            ],
          },
        ),
      ),
    ).toEqual([]);
    expect(found(steps({ a: { ...echo, onFailure: { goto: 'a' } } }))).toEqual([]);
  });

  test('B9: neither a way out nor a way to the end is asked for, and what is deferred may lead back', () => {
    const nodes = { a: echo, d: { ...echo, defer: true, needs: ['a'] }, r: route({ x: 'a' }, ['d']) };
    expect(found(steps(nodes))).toEqual([]);
    expect(found(withNodes(nodes))).not.toEqual([]);
  });

  test('B9: a loop of a route begins where it does in the mode dataflow', () => {
    expect(found(steps({ draft: echo, again: route({ yes: 'draft', no: '__end__' }, ['draft']) }))).toEqual([]);
  });

  test('B9: a circle that nothing enters must say where it begins', () => {
    const nodes = { a: { ...echo, needs: ['b'] }, b: { ...echo, needs: ['a'] } };
    expect(found(steps(nodes))).toEqual(['unreachable_node /nodes/a']);
    expect(issuesOf(steps(nodes))[0]?.message).toContain('name where it begins, as ["__start__", "a"]');
    expect(found(steps(nodes, { edges: [['__start__', 'b']] }))).toEqual([]);
  });

  test('B9: a circle that may begin at several nodes must say at which', () => {
    const nodes = { a: route({ x: 't' }), t: echo, b: route({ x: 'u', y: '__end__' }, []), u: echo };
    const edges = [
      ['t', 'b'],
      ['u', 'a'],
    ];
    expect(found(steps(nodes, { edges }))).toEqual(['ambiguous_loop /nodes/a/routes/x']);
    expect(found(steps(nodes, { edges: [...edges, ['__start__', 't']] }))).toEqual([]);
  });

  test('B9: routes may not lead to each other in a circle', () => {
    const nodes = { s: echo, a: route({ x: 'b' }, ['s']), b: route({ y: 'a', z: '__end__' }) };
    expect(found(steps(nodes))).toEqual(['cycle /nodes/b/routes/y']);
    expect(issuesOf(steps(nodes))[0]?.message).toContain('let another node stand between them');
    expect(found(steps({ s: echo, a: route({ x: 'a', y: '__end__' }, ['s']) }))).toEqual(['cycle /nodes/a/routes/x']);
  });

  test('B9: a node that nothing leads to is told', () => {
    const nodes = { a: echo, b: echo };
    expect(found(steps(nodes, { edges: [['__start__', 'a']] }))).toEqual(['unreachable_node /nodes/b']);
  });

  test('B9: what a send sends to may have edges that lead on, and none that lead to it', () => {
    const nodes = { each: { type: 'send', items: [1], target: 'w' }, w: echo, next: { ...echo, needs: ['w'] } };
    expect(found(steps(nodes))).toEqual([]);
    expect(found(withNodes(nodes))).toContain('invalid_send_target /nodes/next/needs/0');
    expect(found(steps(nodes, { edges: [['next', 'w']] }))).toEqual(['invalid_send_target /edges/0']);
  });

  test('what is behind the items of a send within a send can be reached', () => {
    const nodes = {
      each: { type: 'send', items: [[1]], target: 'row' },
      row: { type: 'send', items: '${item}', target: 'cell' },
      cell: echo,
      next: { ...echo, needs: ['cell'] },
    };
    expect(found(steps(nodes, { edges: [['__start__', 'each']] }))).toEqual([]);
  });
});
