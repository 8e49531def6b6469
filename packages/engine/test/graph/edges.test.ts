import type { WorkflowDocument } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { documentEdges, startNodes } from '../../src/domain/index.ts';

const echo = { type: 'task', uses: 'echo' } as const;

function edgesOf(document: Pick<WorkflowDocument, 'nodes' | 'edges'>): string[] {
  return documentEdges(document).map(({ from, to, kind, values, isDefault }) => {
    const chosen = kind === 'route' ? ` [${values?.join(' ')}]${isDefault ? ' default' : ''}` : '';
    return `${from} -> ${to} ${kind}${chosen}`;
  });
}

describe('the edges of a document', () => {
  test('come from needs and from pairs, each once', () => {
    const nodes = { a: echo, b: { ...echo, needs: ['a', 'a'] }, c: { ...echo, needs: ['b'] } };
    expect(
      edgesOf({
        nodes,
        edges: [
          ['a', 'b'],
          ['a', 'c'],
          ['__start__', 'a'],
          ['c', '__end__'],
        ],
      }),
    ).toEqual(['a -> b plain', 'b -> c plain', 'a -> c plain', '__start__ -> a plain', 'c -> __end__ plain']);
  });

  test('of a route are one for each target, with all the values that lead there', () => {
    const r = {
      type: 'route' as const,
      on: 'input.x',
      routes: { x: 'b', y: 'c', z: 'b', none: '__end__' },
      default: 'c',
    };
    expect(
      edgesOf({
        nodes: { r, b: echo, c: echo },
        edges: [
          ['r:q', 'b'],
          ['r:x', 'b'],
          ['r:q', 'c'],
        ],
      }),
    ).toEqual(['r -> b route [x z q]', 'r -> c route [y q] default', 'r -> __end__ route [none]']);
  });

  test('of a route to a target are not doubled by its needs or by a pair', () => {
    const r = { type: 'route' as const, on: 'input.x', default: 'b' };
    const nodes = { b: { ...echo, needs: ['r'] }, r, c: { ...echo, needs: ['r'] } };
    expect(edgesOf({ nodes, edges: [['r', 'b']] })).toEqual(['r -> b route [] default', 'r -> c plain']);
  });

  test('of a failure stand beside those of a success', () => {
    const nodes = { a: { ...echo, onFailure: { goto: 'b' } }, b: { ...echo, needs: ['a'] } };
    expect(edgesOf({ nodes })).toEqual(['a -> b plain', 'a -> b goto']);
  });

  test('keep the whole value behind the first colon', () => {
    const r = { type: 'route' as const, on: 'input.x' };
    expect(
      edgesOf({
        nodes: { r, b: echo },
        edges: [
          ['r:a:b', 'b'],
          ['r:', 'b'],
        ],
      }),
    ).toEqual(['r -> b route [a:b ]']);
  });
});

test('a node without inbound edges starts with the run; one that a failure leads to does not', () => {
  const nodes = { a: { ...echo, onFailure: { goto: 'x' } }, b: echo, c: { ...echo, needs: ['b'] }, x: echo };
  expect(startNodes(Object.keys(nodes), documentEdges({ nodes }))).toEqual(['a', 'b']);
});

test('an edge from __start__ makes a start node of one that has other inbound edges', () => {
  const nodes = { a: echo, b: { ...echo, needs: ['a'] } };
  const edges = documentEdges({
    nodes,
    edges: [
      ['__start__', 'b'],
      ['__start__', 'a'],
    ],
  });
  expect(startNodes(Object.keys(nodes), edges)).toEqual(['a', 'b']);
});
