/** Going back, and on from there another way. */
import type { Case } from '../case.ts';
import { asks, failure, logs, work, writes } from '../graph.ts';

const chain = {
  channels: { log: 'append' },
  nodes: { a: logs('a'), b: logs('b'), c: logs('c') },
  edges: ['START -> a', 'a -> b', 'b -> c'],
} as const satisfies Case['graph'];

export const timeTravel: Omit<Case, 'group'>[] = [
  {
    name: 'a replay does not run what was before the checkpoint, and runs the rest again',
    graph: chain,
    does: [{ do: 'replay', before: 'b' }],
    expects: { ends: ['succeeded', 'succeeded'], state: { log: ['a', 'b', 'c'] }, calls: { a: 1, b: 2, c: 2 } },
  },
  {
    name: 'a fork goes on from an old checkpoint with an update of its own',
    graph: chain,
    does: [{ do: 'fork', before: 'b', update: { log: ['EDIT'] }, as: 'a' }],
    expects: {
      ends: ['succeeded', 'succeeded'],
      state: { log: ['a', 'EDIT', 'b', 'c'] },
      calls: { a: 1, b: 2, c: 2 },
    },
  },
  {
    name: 'a replay from before a question asks it again',
    graph: {
      channels: { log: 'append', a: 'last' },
      nodes: { one: logs('one'), ask: asks('A?', 'a'), end: logs('end') },
      edges: ['START -> one', 'one -> ask', 'ask -> end'],
    },
    does: [
      { do: 'answer', answers: { 'A?': 1 } },
      { do: 'replay', before: 'ask' },
      { do: 'answer', answers: { 'A?': 2 } },
    ],
    expects: { ends: ['asks A?', 'succeeded', 'asks A?', 'succeeded'], state: { a: 2, log: ['one', 'end'] } },
  },
  {
    name: 'a write to a run that is held goes through the reducers',
    graph: { ...chain, stopBefore: ['b'] },
    does: [{ do: 'write', update: { log: ['EDIT'] }, as: 'a' }, { do: 'goOn' }],
    expects: { ends: ['stops', 'written', 'succeeded'], state: { log: ['a', 'EDIT', 'b', 'c'] } },
  },
  {
    name: 'a write to a run that is held, by two nodes that could have made it, must name one',
    graph: {
      channels: { log: 'append' },
      nodes: { a: logs('a'), b: logs('b'), c: logs('c') },
      edges: ['START -> a', 'START -> b', 'a + b -> c'],
      stopBefore: ['c'],
    },
    does: [{ do: 'write', update: { log: ['EDIT'] } }, { do: 'goOn' }],
    expects: { ends: ['stops', 'refused ambiguous', 'succeeded'], state: { log: ['a', 'b', 'c'] } },
    differs: {
      because: 'an update from outside is made by nobody in the graph, and triggers nothing',
      weft: { ends: ['stops', 'written', 'succeeded'], state: { log: ['a', 'b', 'EDIT', 'c'] } },
    },
  },
  {
    name: 'two replays from one checkpoint do the same',
    graph: chain,
    does: [
      { do: 'replay', before: 'c' },
      { do: 'replay', before: 'c' },
    ],
    expects: {
      ends: ['succeeded', 'succeeded', 'succeeded'],
      state: { log: ['a', 'b', 'c'] },
      order: 'a | b | c | c | c',
      calls: { a: 1, b: 1, c: 3 },
    },
  },
  {
    name: 'a replay into a loop goes on with what was counted by then',
    graph: {
      channels: { n: 'add' },
      nodes: { up: writes({ n: 1 }), end: writes({ n: 100 }) },
      edges: ['START -> up'],
      choices: { up: "state.n < 3 ? 'up' : 'end'" },
    },
    does: [{ do: 'replay', before: 'up' }],
    expects: {
      ends: ['succeeded', 'succeeded'],
      state: { n: 103 },
      order: 'up | up | up | end | up | end',
      calls: { end: 2, up: 4 },
    },
  },
  {
    name: 'a replay sends again',
    graph: {
      channels: { log: 'append', todo: 'last' },
      nodes: {
        plan: writes({ todo: [{ n: 1 }, { n: 2 }] }),
        w: work(({ n }) => ({ update: { log: [n ?? null] } })),
        red: logs('red'),
      },
      edges: ['START -> plan', 'w -> red'],
      fans: [{ from: 'plan', items: 'todo', to: 'w' }],
    },
    does: [{ do: 'replay', before: 'w' }],
    expects: {
      ends: ['succeeded', 'succeeded'],
      state: { todo: [{ n: 1 }, { n: 2 }], log: [1, 2, 'red'] },
      order: 'plan | w w | red | w w | red',
      calls: { plan: 1, red: 2, w: 4 },
    },
  },
  {
    name: 'a replay of a graph that has failed goes on where it is told, not where it failed',
    graph: {
      channels: { log: 'append' },
      nodes: {
        a: logs('a'),
        b: logs('b'),
        c: work((_, { time }) => {
          if (time < 2) throw failure('not_yet');
          return { update: { log: ['c'] } };
        }),
      },
      edges: ['START -> a', 'a -> b', 'b -> c'],
    },
    does: [{ do: 'replay', before: 'b' }],
    expects: {
      ends: ['failed not_yet', 'succeeded'],
      state: { log: ['a', 'b', 'c'] },
      calls: { a: 1, b: 2, c: 2 },
    },
  },
];
