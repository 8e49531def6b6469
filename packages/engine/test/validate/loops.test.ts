import { describe, expect, test } from 'vitest';
import { chain, echo, found, issuesOf, withNodes } from './documents.ts';

const route = (routes: object, rest: object = {}): object => ({ type: 'route', on: 'input.x', routes, ...rest });

describe('loops', () => {
  test('may lead back from a route, to itself, and on failure', () => {
    expect(found(withNodes({ a: echo, r: route({ again: 'a', done: '__end__' }, { needs: ['a'] }) }))).toEqual([]);
    expect(found(withNodes({ r: route({ again: 'r' }, { default: '__end__' }) }))).toEqual([]);
    expect(found(withNodes({ a: echo, b: { ...echo, needs: ['a'], onFailure: { goto: 'a' } } }))).toEqual([]);
    const edges = [
      ['a', 'r'],
      ['r:again', 'a'],
      ['r:done', '__end__'],
    ];
    expect(found(withNodes({ r: { type: 'route', on: '1' }, a: echo }, { edges }))).toEqual([]);
  });

  test('whose route leads nowhere else are told where it leads back', () => {
    const nodes = { s: echo, a: { ...echo, needs: ['s'] }, r: route({ again: 'a' }, { needs: ['a'] }) };
    expect(found(withNodes(nodes))).toEqual([
      'loop_without_exit /nodes/r/routes/again',
      'end_unreachable /nodes/s',
      'end_unreachable /nodes/a',
      'end_unreachable /nodes/r',
    ]);
  });

  test('are not ended by what runs beside them', () => {
    const nodes = { a: echo, r: route({ again: 'a' }, { needs: ['a'] }), beside: { ...echo, needs: ['a'] } };
    expect(found(withNodes(nodes))).toEqual(['loop_without_exit /nodes/r/routes/again']);
  });

  test('may be ended by a bound on their number, at either end of the way back', () => {
    const bound = { maxIterations: 5 };
    expect(found(withNodes({ a: { ...echo, ...bound }, r: route({ again: 'a' }, { needs: ['a'] }) }))).toEqual([]);
    expect(found(withNodes({ a: echo, r: route({ again: 'a' }, { needs: ['a'], ...bound }) }))).toEqual([]);
  });

  test('within loops need a way out of their own', () => {
    const outer = { s: echo, a: { ...echo, needs: ['s'] }, b: { ...echo, needs: ['a'] } };
    const ends = { q: route({ redo: 'b', on: 'r' }, { needs: ['b'] }), r: route({ again: 'a', done: '__end__' }) };
    expect(found(withNodes({ ...outer, ...ends }))).toEqual([]);
    const stuck = {
      q: route({ redo: 'b' }, { needs: ['b'] }),
      r: route({ again: 'a', done: '__end__' }, { needs: ['q'] }),
    };
    expect(found(withNodes({ ...outer, ...stuck }))).toEqual(['loop_without_exit /nodes/q/routes/redo']);
  });

  test('that may begin at several nodes ask for an edge from the start', () => {
    const nodes = { a: route({ on: 'b' }), b: route({ back: 'a', done: '__end__' }) };
    const issues = issuesOf(withNodes(nodes));
    expect(issues).toMatchObject([{ code: 'ambiguous_loop', pointer: '/nodes/b/routes/back' }]);
    expect(issues[0]?.message).toContain('["__start__", "a"]');
    expect(found(withNodes(nodes, { edges: [['__start__', 'b']] }))).toEqual([]);
  });

  test('of any length and depth are looked at in time', () => {
    const nodes = { ...chain(3000), r: route({ again: 'n0', done: '__end__' }, { needs: ['n2999'] }) };
    expect(found(withNodes(nodes))).toEqual([]);
    const back = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`v${i}`, `n${i}`]));
    const deep = { ...chain(500), r: route(back, { needs: ['n499'], default: '__end__' }) };
    expect(found(withNodes(deep))).toEqual(['limit_depth /nodes/n16']);
  });
});

describe('a deferred node', () => {
  const deferred = { ...echo, defer: true };

  test('may be of any type and follow others', () => {
    expect(
      found(withNodes({ a: echo, z: { ...deferred, needs: ['a'] }, y: { type: 'wait', ms: 1, defer: true } })),
    ).toEqual([]);
  });

  test('does not start with the run, and lies on no loop', () => {
    expect(
      found(
        withNodes(
          { a: echo, z: deferred },
          {
            edges: [
              ['__start__', 'a'],
              ['__start__', 'z'],
            ],
          },
        ),
      ),
    ).toEqual(['invalid_value /edges/1']);
    expect(found(withNodes({ a: deferred, r: route({ again: 'a', done: '__end__' }, { needs: ['a'] }) }))).toEqual([
      'invalid_value /nodes/a/defer',
    ]);
  });

  test('is no target of a send', () => {
    expect(found(withNodes({ s: { type: 'send', items: [], target: 'z' }, z: deferred }))).toEqual([
      'invalid_value /nodes/z/defer',
    ]);
  });
});
