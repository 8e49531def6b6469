import { describe, expect, test } from 'vitest';
import type { WorkflowDocument } from '@weft/contract';
import { compileGraph } from '../../src/domain/index.ts';
import { echo } from '../validate/documents.ts';

function repeatsOf(nodes: object, edges: [string, string][] = []): string[] {
  const document = { name: 'x', mode: 'superstep', nodes, edges } as unknown as WorkflowDocument;
  const { superstep } = compileGraph({ tenant: 't', name: 'x', version: 1 }, document);
  return Array.from(superstep?.repeats ?? []);
}

describe('the nodes that may be armed more than once', () => {
  test('B10: are none of a chain, and none behind a barrier', () => {
    const nodes = {
      a: echo,
      b: { ...echo, needs: ['a'] },
      c: { ...echo, needs: ['b'] },
      d: { ...echo, needs: ['a', 'c'] },
    };
    expect(repeatsOf(nodes)).toEqual([]);
  });

  test('B10: are the last of an unequal diamond, and what follows it', () => {
    const nodes = { a: echo, b: echo, c: echo, d: echo, e: echo };
    const edges: [string, string][] = [
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'd'],
      ['c', 'd'],
      ['d', 'e'],
    ];
    expect(repeatsOf(nodes, edges)).toEqual(['d', 'e']);
  });

  test('B10: are those on a circle, and what follows it', () => {
    const nodes = { a: echo, b: { ...echo, needs: ['a'] }, c: { ...echo, needs: ['b'] } };
    expect(
      repeatsOf(nodes, [
        ['__start__', 'a'],
        ['b', 'a'],
      ]),
    ).toEqual(['a', 'b', 'c']);
  });

  test('B10: a route takes no time on the way to its targets, and neither do the items of a send', () => {
    const nodes = {
      a: echo,
      way: { type: 'route', on: 'input', routes: { x: 'b', y: 'each' }, needs: ['a'] },
      b: { ...echo, needs: ['a', 'way'], join: 'any' },
      each: { type: 'send', items: [1], target: 'w' },
      w: echo,
      c: { ...echo, needs: ['w', 'b', 'each'], join: 'any' },
    };
    expect(repeatsOf(nodes)).toEqual([]);
  });

  test('B10: are what is deferred, since it is not known when it runs', () => {
    expect(repeatsOf({ a: echo, d: { ...echo, needs: ['a'], defer: true }, e: { ...echo, needs: ['d'] } })).toEqual([
      'd',
      'e',
    ]);
  });
});
