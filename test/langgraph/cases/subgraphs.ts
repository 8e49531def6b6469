/** Graphs within graphs. */
import type { Case } from '../case.ts';
import { asks, logs, work, writes } from '../graph.ts';
import type { Graph } from '../graph.ts';

const doubles: Graph = {
  channels: { x: 'last', y: 'last' },
  nodes: {
    s1: work(({ x }) => ({ update: { y: Number(x) * 2 } })),
    s2: work(({ y }) => ({ update: { y: Number(y) + 1 } })),
  },
  edges: ['START -> s1', 's1 -> s2'],
};

const questions: Graph = {
  channels: { x: 'last', y: 'last' },
  nodes: { s1: writes({ x: 'inner' }), s2: asks('Inside?', 'y') },
  edges: ['START -> s1', 's1 -> s2'],
};

export const subgraphs: Omit<Case, 'group'>[] = [
  {
    name: 'a child takes some keys and gives some back, in one superstep of its parent',
    graph: {
      channels: { x: 'last', y: 'last', log: 'append' },
      nodes: { a: writes({ x: 20 }), sub: { kind: 'child', graph: doubles, takes: ['x'], gives: ['y'] }, b: logs('b') },
      edges: ['START -> a', 'a -> sub', 'sub -> b'],
    },
    expects: {
      ends: 'succeeded',
      state: { x: 20, y: 41, log: ['b'] },
      order: 'a | sub | b',
      calls: { a: 1, b: 1, s1: 1, s2: 1, sub: 1 },
    },
  },
  {
    name: 'the state of a child is its own',
    graph: {
      channels: { x: 'last', y: 'last' },
      nodes: { sub: { kind: 'child', graph: doubles, takes: ['x'], gives: [] } },
      edges: ['START -> sub'],
    },
    input: { x: 1 },
    expects: { ends: 'succeeded', state: { x: 1, y: null } },
  },
  {
    name: 'two children of one superstep do not know each other',
    graph: {
      channels: { x: 'last', y: 'last' },
      nodes: {
        one: { kind: 'child', graph: doubles, takes: ['x'], gives: ['y'] },
        two: { kind: 'child', graph: doubles, takes: ['y'], gives: [] },
      },
      edges: ['START -> one', 'START -> two'],
    },
    input: { x: 1, y: 7 },
    expects: { ends: 'succeeded', state: { x: 1, y: 3 }, order: 'one two', calls: { one: 1, s1: 2, s2: 2, two: 1 } },
  },
  {
    name: 'the question of a child is asked on its parent, whose node runs again from its top when it is answered',
    graph: {
      channels: { x: 'last', y: 'last' },
      nodes: { sub: { kind: 'child', graph: questions, takes: ['x'], gives: ['x', 'y'] } },
      edges: ['START -> sub'],
    },
    input: { x: 'outer' },
    does: [{ do: 'answer', answers: { 'Inside?': 'yes' } }],
    expects: {
      ends: ['asks Inside?', 'succeeded'],
      state: { x: 'inner', y: 'yes' },
      calls: { s1: 1, s2: 2, sub: 2 },
    },
    differs: {
      because: 'a child is a run of its own: nothing of parent or child runs again',
      weft: { ends: ['asks Inside?', 'succeeded'], state: { x: 'inner', y: 'yes' }, calls: { s1: 1, sub: 1 } },
    },
  },
  {
    name: 'a child that fails fails the node of its parent, with its own error',
    graph: {
      channels: { x: 'last', log: 'append' },
      nodes: {
        sub: {
          kind: 'child',
          graph: {
            channels: { x: 'last' },
            nodes: {
              s: work(() => {
                throw Object.assign(new Error('no'), { code: 'sold_out' });
              }),
            },
            edges: ['START -> s'],
          },
          takes: [],
          gives: [],
        },
        ok: logs('ok'),
      },
      edges: ['START -> sub', 'START -> ok'],
    },
    expects: { ends: 'failed sold_out', state: { x: null, log: [] }, order: '' },
    differs: {
      because: 'the error says that it was the child, and keeps what happened there in its details',
      weft: { ends: 'failed child_failed', state: { x: null, log: [] }, order: '' },
    },
  },
];
