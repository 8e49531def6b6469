import { describe, expect, test } from 'vitest';
import { layoutGraph } from '../src/watch/layout-graph.ts';

/** `a>b` edges as text, and the layout as indented names. */
function layout(edges: string, names?: string): string[] {
  const pairs = edges.split(' ').map((edge) => edge.split('>') as [string, string]);
  const all = names?.split(' ') ?? [...new Set(pairs.flat())];
  const placed = layoutGraph(
    all,
    pairs.map(([from, to]) => ({ from, to })),
  );
  return placed.map(({ name, depth }) => `${'  '.repeat(depth)}${name}`);
}

describe('the order of nodes', () => {
  test('keeps a chain at one level', () => {
    expect(layout('a>b b>c')).toEqual(['a', 'b', 'c']);
  });

  test('indents branches and brings their join back', () => {
    expect(layout('a>b a>c b>d c>d d>e')).toEqual(['a', '  b', '  c', 'd', 'e']);
  });

  test('keeps what follows a branch below it', () => {
    expect(layout('a>b a>c b>x x>d c>d')).toEqual(['a', '  b', '  x', '  c', 'd']);
  });

  test('nests branches of branches', () => {
    expect(layout('a>b a>c b>p b>q p>r q>r r>z c>z')).toEqual(['a', '  b', '    p', '    q', '  r', '  c', 'z']);
  });

  test('has several starts at the same level', () => {
    expect(layout('a>c b>c', 'a b c')).toEqual(['a', 'b', 'c']);
  });

  test('leaves out the start, the end and edges back', () => {
    expect(layout('__start__>a a>b b>a b>c c>__end__ c>c', 'a b c')).toEqual(['a', 'b', 'c']);
  });

  test('lists every node once, also those without edges', () => {
    expect(layoutGraph(['x', 'y'], [])).toEqual([
      { name: 'x', depth: 0 },
      { name: 'y', depth: 0 },
    ]);
  });

  test('takes a chain of 10,000 nodes and a fan of 10,000', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `n${i}`);
    const chain = names.slice(1).map((to, i) => ({ from: `n${i}`, to }));
    const fan = names.slice(1).map((to) => ({ from: 'n0', to }));

    expect(layoutGraph(names, chain).map(({ name }) => name)).toEqual(names);
    expect(layoutGraph(names, fan)).toHaveLength(10_000);
  });
});
