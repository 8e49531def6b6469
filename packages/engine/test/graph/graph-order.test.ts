import { describe, expect, test } from 'vitest';

import { graphOrder } from '../../src/domain/graph/graph-order.ts';
import { compileGraph } from '../../src/domain/graph/graph.ts';

const order = (nodes: object): string[] =>
  graphOrder(compileGraph({ tenant: 't', name: 'w', version: 1 }, { name: 'w', nodes } as never));
const echo = (...needs: string[]) => ({ type: 'task', uses: 'echo', with: 1, ...(needs.length > 0 && { needs }) });

describe('the order of a graph', () => {
  test('puts each node behind those that it needs, else as they are written', () => {
    expect(order({ end: echo('b', 'c'), c: echo('a'), b: echo('a'), a: echo(), other: echo() })).toEqual([
      'a',
      'other',
      'c',
      'b',
      'end',
    ]);
  });

  test('goes round a loop once, and has the target of a send behind it', () => {
    const nodes = {
      again: { type: 'route', on: 'true', routes: { true: 'work', false: '__end__' }, needs: ['work'] },
      item: echo(),
      each: { type: 'send', items: '${work}', target: 'item', needs: ['work'] },
      work: echo('first'),
      first: echo(),
    };
    expect(order(nodes)).toEqual(['first', 'work', 'again', 'each', 'item']);
  });
});
