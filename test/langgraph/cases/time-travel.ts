/** Going back, and on from there another way. */
import type { Case } from '../case.ts';
import { asks, logs } from '../graph.ts';

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
];
