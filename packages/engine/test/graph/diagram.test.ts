import { describe, expect, test } from 'vitest';

import { diagramOf, toDot, toMermaid } from '../../src/domain/graph/diagram.ts';

const diagram = diagramOf({
  nodes: {
    first: { type: 'task', uses: 'echo' },
    'a "b" #1': { type: 'route', routes: { yes: 'last' }, default: '__end__', needs: ['first'] },
    last: { type: 'task', uses: 'http', onFailure: { goto: 'rescue' } },
    rescue: { type: 'transform' },
  },
});

describe('the picture of a document', () => {
  test('has the implied start and end, and says when an edge is taken', () => {
    expect(diagram.edges).toEqual([
      { from: '__start__', to: 'first', kind: 'plain' },
      { from: 'a "b" #1', to: 'last', kind: 'route', label: 'yes' },
      { from: 'a "b" #1', to: '__end__', kind: 'route', label: 'default' },
      { from: 'first', to: 'a "b" #1', kind: 'plain' },
      { from: 'last', to: 'rescue', kind: 'goto', label: 'on failure' },
      { from: 'last', to: '__end__', kind: 'plain' },
      { from: 'rescue', to: '__end__', kind: 'plain' },
    ]);
  });

  test('as Mermaid holds names as escaped labels only', () => {
    expect(toMermaid(diagram).split('\n')).toEqual([
      'flowchart TD',
      '  start_(("start"))',
      '  n0["first<br/>echo"]',
      '  n1{"a #34;b#34; #35;1<br/>route"}',
      '  n2["last<br/>http"]',
      '  n3[/"rescue<br/>transform"/]',
      '  end_(("end"))',
      '  start_ --> n0',
      '  n1 -->|"yes"| n2',
      '  n1 -->|"default"| end_',
      '  n0 --> n1',
      '  n2 -.->|"on failure"| n3',
      '  n2 --> end_',
      '  n3 --> end_',
      '',
    ]);
  });

  test('as DOT quotes names', () => {
    const dot = toDot(diagram);
    expect(dot).toContain('n1 [label="a \\"b\\" #1\\nroute", shape=diamond];');
    expect(dot).toContain('n2 -> n3 [label="on failure", style=dashed];');
  });
});
