import { describe, expect, test } from 'vitest';

import { layOut } from '../../src/graph/layout.ts';

type Edge = { from: string; to: string; kind: 'plain'; isBack?: true };

function drawing(names: string[], edges: [string, string][]) {
  return {
    nodes: names.map((name) => ({ name, type: 'task' })),
    edges: edges.map(([from, to]): Edge => ({ from, to, kind: 'plain' })),
  };
}

describe('the layout of a graph', () => {
  test('a node stands to the right of all that it needs', () => {
    const { boxes } = layOut(
      drawing(
        ['d', 'a', 'c', 'b'],
        [
          ['a', 'b'],
          ['b', 'c'],
          ['a', 'c'],
          ['c', 'd'],
        ],
      ),
    );
    const x = new Map(boxes.map((box) => [box.name, box.x]));
    const order = ['a', 'b', 'c', 'd'].map((name) => x.get(name) ?? -1);
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    expect(new Set(order).size).toBe(4);
  });

  test('no two nodes lie upon each other, in a fan of a thousand', () => {
    const names = ['start', ...Array.from({ length: 1000 }, (_, index) => `n${index}`), 'end'];
    const edges = names.slice(1, -1).flatMap((name): [string, string][] => [
      ['start', name],
      [name, 'end'],
    ]);
    const { boxes } = layOut(drawing(names, edges));
    expect(new Set(boxes.map(({ x, y }) => `${x},${y}`)).size).toBe(names.length);
  });

  test('a loop takes no part in the order, and an unknown name is left out', () => {
    const { nodes, edges } = drawing(
      ['a', 'b'],
      [
        ['a', 'b'],
        ['b', '__end__'],
      ],
    );
    const { boxes, lines } = layOut({ nodes, edges: [...edges, { from: 'b', to: 'a', kind: 'plain', isBack: true }] });
    expect(boxes[0]?.x).toBeLessThan(boxes[1]?.x ?? 0);
    expect(lines).toHaveLength(2);
  });

  test('a graph of nothing has no size', () => {
    expect(layOut({ nodes: [], edges: [] })).toMatchObject({ boxes: [], lines: [], height: 0 });
  });
});
