import { describe, expect, test } from 'vitest';

import { diagramOf, tellingStatuses, toDot, toMermaid } from '../../src/domain/index.ts';

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
      '  n3("rescue<br/>transform")',
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

describe('the picture of loops, sends and waiting', () => {
  const document = {
    nodes: {
      ask: { type: 'interrupt' },
      check: { type: 'route', routes: { again: 'ask', on: 'each' }, needs: ['ask'] },
      each: { type: 'send', target: 'work' },
      work: { type: 'subgraph' },
      nap: { type: 'wait', needs: ['each'], onFailure: { goto: 'each' } },
    },
  };
  const drawn = diagramOf(document);

  test('marks what leads back, and leads each item to its target', () => {
    expect(drawn.edges).toEqual([
      { from: '__start__', to: 'ask', kind: 'plain' },
      { from: 'check', to: 'ask', kind: 'route', label: 'again', isBack: true },
      { from: 'check', to: 'each', kind: 'route', label: 'on' },
      { from: 'ask', to: 'check', kind: 'plain' },
      { from: 'each', to: 'nap', kind: 'plain' },
      { from: 'nap', to: 'each', kind: 'goto', label: 'on failure', isBack: true },
      { from: 'each', to: 'work', kind: 'item', label: 'each item' },
      { from: 'nap', to: '__end__', kind: 'plain' },
    ]);
  });

  test('has a shape for each type in Mermaid', () => {
    const text = toMermaid(drawn);
    for (const line of [
      'n0[/"ask<br/>interrupt"/]',
      'n2[["each<br/>send"]]',
      'n3[/"work<br/>subgraph"\\]',
      'n4(["nap<br/>wait"])',
      'n1 ==>|"back: again"| n0',
      'n2 -.->|"each item"| n3',
      'n4 -.->|"back: on failure"| n2',
    ]) {
      expect(text).toContain(`  ${line}\n`);
    }
  });

  test('has a shape for each type in DOT', () => {
    const text = toDot(drawn);
    expect(text).toContain('n0 [label="ask\\ninterrupt", shape=parallelogram];');
    expect(text).toContain('n2 [label="each\\nsend", shape=box, peripheries=2];');
    expect(text).toContain('n1 -> n0 [label="back: again", style=bold];');
    expect(text).toContain('n2 -> n3 [label="each item", style=dotted];');
  });

  test('is coloured by the statuses of a run', () => {
    const coloured = diagramOf(document, {
      statuses: new Map([
        ['ask', 'succeeded'],
        ['check', 'running'],
        ['nap', 'odd'],
      ]),
    });
    expect(coloured.nodes.slice(0, 3).map(({ status }) => status)).toEqual(['succeeded', 'running', undefined]);
    expect(toMermaid(coloured)).toMatch(/classDef running fill:#a5d8ff.*\n {2}class n1 running\n/);
    expect(toMermaid(coloured)).not.toContain('odd');
    expect(toDot(coloured)).toContain('style="filled", fillcolor="#d3f9d8"');
    expect(toMermaid(drawn)).not.toContain('classDef');
  });
});

test('of several tasks of a node the most telling one is shown', () => {
  const task = (node: string, status: string): { node: string; status: string } => ({ node, status });
  const tasks = [
    task('a', 'succeeded'),
    task('a', 'running'),
    task('a', 'failed'),
    task('b', 'skipped'),
    task('b', 'failed'),
  ];
  expect([...tellingStatuses(tasks)]).toEqual([
    ['a', 'running'],
    ['b', 'failed'],
  ]);
});
