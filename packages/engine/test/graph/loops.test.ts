import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Edge, loopEdges, startNodes } from '../../src/domain/index.ts';
import { backEdges } from '../../src/domain/graph/back-edges.ts';

const KINDS = { '->': 'plain', '=>': 'route', '~>': 'goto' } as const;

/** `a -> b` is a plain edge, `a => b` one of a route, `a ~> b` a goto. */
function graph(text: string): { names: string[]; edges: Edge[] } {
  const edges = text.split(', ').map((edge) => {
    const [from = '', arrow, to = ''] = edge.split(' ');
    return { from, to, kind: KINDS[arrow as keyof typeof KINDS] };
  });
  const names = new Set(edges.flatMap(({ from, to }) => [from, to]));
  return { names: [...names].filter((name) => !name.startsWith('__')), edges };
}

function shown(text: string): { backs: string[]; cycles: string[]; heads: string[][] } {
  const { names, edges } = graph(text);
  const { backs, cycles, ambiguous } = loopEdges(names, edges);
  const show = ({ from, to }: Edge): string => `${from} ${to}`;
  return {
    backs: [...backs].map(show),
    cycles: cycles.map(({ edge }) => show(edge)),
    heads: ambiguous.map(({ heads }) => heads),
  };
}

describe('the edges that lead back (rule B4)', () => {
  test.each([
    ['a route to an ancestor', 's -> a, a -> r, r => a, r => z', ['r a']],
    ['a route to itself', 's -> r, r => r, r => z', ['r r']],
    ['a goto to an ancestor', 's -> a, a -> b, b ~> a', ['b a']],
    ['a loop that nothing leads to begins where no plain edge leads', 'a -> r, r => a, r => z', ['r a']],
    ['several ways back', 's -> a, a -> b, b -> r, b ~> a, r => a, r => z', ['b a', 'r a']],
    ['a loop in a loop', 's -> a, a -> b, b -> q, q => b, q => r, r => a, r => z', ['q b', 'r a']],
    ['a loop behind a loop', 's -> a, a -> r, r => a, r => b, b -> q, q => b, q => z', ['r a', 'q b']],
    ['need of what is before the loop', 's -> a, s -> r, a -> r, r => a, r => z', ['r a']],
    ['the same, in another order', 's -> r, s -> a, a -> r, r => a, r => z', ['r a']],
    ['a way past the head', 's -> p, s -> q, p => r, q -> a, a -> r, r => a, r => z', ['r a']],
    ['a start that is named', '__start__ -> b, a => b, b => a, b => z', ['a b']],
    [
      'a start named in a circle with two entries',
      '__start__ -> s, __start__ -> b, s -> a, s -> b, a => b, b => a',
      ['a b'],
    ],
    ['no circle', 's -> a, s => b, a ~> b', []],
  ])('%s', (_, text, backs) => {
    expect(shown(text)).toEqual({ backs, cycles: [], heads: [] });
  });

  test.each([
    ['two routes that nothing leads to', 'a => b, b => a, b => z', ['a', 'b']],
    ['a circle that is entered at two places', 's -> a, s -> b, a => b, b => a, b => z', ['a', 'b']],
  ])('cannot be told: %s', (_, text, heads) => {
    expect(shown(text).heads).toEqual([heads]);
  });

  test.each([
    ['plain edges only', 'a -> b, b -> a', ['b a']],
    ['where the circle is entered a plain edge leads back', 's -> r, r => a, a -> r', ['a r']],
  ])('are none: %s', (_, text, cycles) => {
    expect(shown(text)).toMatchObject({ cycles, heads: [] });
  });

  test('of loops nested without end are looked for up to a bound', () => {
    const names = Array.from({ length: 300 }, (_, i) => `n${i}`);
    const chain = names.slice(1).map((to, i): Edge => ({ from: `n${i}`, to, kind: 'plain' }));
    const backs = names.map((to): Edge => ({ from: 'n299', to, kind: 'goto' }));
    expect(loopEdges(names, [...chain, ...backs.slice(0, 16)])).toMatchObject({ tooDeep: [], ambiguous: [] });
    expect(loopEdges(names, [...chain, ...backs]).tooDeep).toHaveLength(1);
  });
});

const pair = fc.record({
  from: fc.nat({ max: 7 }).map(String),
  to: fc.nat({ max: 7 }).map(String),
  kind: fc.constantFrom('plain' as const, 'route' as const, 'route' as const, 'goto' as const),
});
const someEdges = fc
  .array(pair, { maxLength: 20 })
  .map((edges): Edge[] => edges.filter(({ from, to, kind }) => from !== to || kind === 'route'));
const someNames = Array.from({ length: 8 }, (_, i) => String(i));

function reach(roots: string[], edges: readonly Edge[]): Set<string> {
  const reached = new Set(roots);
  for (const name of reached) for (const edge of edges) if (edge.from === name) reached.add(edge.to);
  return reached;
}

describe('of any graph', () => {
  test('without the edges that lead back there is no circle', () => {
    fc.assert(
      fc.property(someEdges, (edges) => {
        const { backs, cycles } = loopEdges(someNames, edges);
        const closing = new Set([...backs, ...cycles.map(({ edge }) => edge)]);
        const out = Map.groupBy(edges, ({ from }) => from);
        const left = (name: string): Edge[] => (out.get(name) ?? []).filter((edge) => !closing.has(edge));
        expect(backEdges(someNames, left)).toEqual([]);
      }),
    );
  });

  test('what can be reached can be reached without going back', () => {
    fc.assert(
      fc.property(someEdges, (edges) => {
        const { backs, cycles } = loopEdges(someNames, edges);
        fc.pre(cycles.length === 0);
        const forward = edges.filter((edge) => !backs.has(edge));
        expect(reach(startNodes(someNames, forward), forward)).toEqual(new Set(someNames));
      }),
    );
  });

  test('the order in which nodes and edges are written does not matter, unless it is ambiguous', () => {
    const order = fc.shuffledSubarray(someNames, { minLength: someNames.length });
    fc.assert(
      fc.property(someEdges, order, (edges, names) => {
        const { backs, cycles, ambiguous } = loopEdges(someNames, edges);
        fc.pre(cycles.length === 0 && ambiguous.length === 0);
        expect(loopEdges(names, edges.toReversed())).toMatchObject({ cycles: [], ambiguous: [], backs });
      }),
    );
  });
});
