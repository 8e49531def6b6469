/** What is kept, and what is run again. */
import type { Case } from '../case.ts';
import { asks, failure, logs, work } from '../graph.ts';

const log = { log: 'append' } as const;

export const durability: Omit<Case, 'group'>[] = [
  {
    name: 'what was applied is not run again after a failure behind it',
    graph: {
      channels: log,
      nodes: {
        one: logs('one'),
        two: work((_, { time }) => {
          if (time < 3) throw failure('not_yet');
          return { update: { log: ['two'] } };
        }),
        three: logs('three'),
      },
      edges: ['START -> one', 'one -> two', 'two -> three'],
    },
    does: [{ do: 'retry' }, { do: 'retry' }],
    expects: {
      ends: ['failed not_yet', 'failed not_yet', 'succeeded'],
      state: { log: ['one', 'two', 'three'] },
      order: 'one | two | three',
      calls: { one: 1, three: 1, two: 3 },
    },
  },
  {
    name: 'what was answered is not asked again after a failure behind it',
    graph: {
      channels: { ...log, a: 'last' },
      nodes: {
        ask: asks('A?', 'a'),
        two: work(({ a }, { time }) => {
          if (time < 2) throw failure('not_yet');
          return { update: { log: [a ?? null] } };
        }),
      },
      edges: ['START -> ask', 'ask -> two'],
    },
    does: [{ do: 'answer', answers: { 'A?': 'yes' } }, { do: 'retry' }],
    expects: {
      ends: ['asks A?', 'failed not_yet', 'succeeded'],
      state: { a: 'yes', log: ['yes'] },
      order: 'ask | two',
    },
  },
  {
    name: 'a sibling of a failure and a question keeps what it wrote through both',
    graph: {
      channels: { ...log, a: 'last' },
      nodes: {
        ask: asks('A?', 'a'),
        ok: logs('ok'),
        bad: work(async (_, { time }) => {
          await new Promise((resolve) => setTimeout(resolve, 40));
          if (time < 2) throw failure('not_yet');
          return { update: { log: ['bad'] } };
        }),
      },
      edges: ['START -> ask', 'START -> ok', 'START -> bad'],
    },
    does: [{ do: 'retry' }, { do: 'answer', answers: { 'A?': 1 } }],
    expects: {
      ends: ['failed not_yet', 'asks A?', 'succeeded'],
      state: { a: 1, log: ['bad', 'ok'] },
      order: 'ask bad ok',
    },
  },
  {
    name: 'going on with a graph that has ended gives its state, and runs nothing',
    graph: { channels: log, nodes: { a: logs('a') }, edges: ['START -> a'] },
    does: [{ do: 'retry' }],
    expects: { ends: ['succeeded', 'succeeded'], state: { log: ['a'] }, calls: { a: 1 } },
    differs: {
      because: 'a run that has ended stays so: what cannot be done is said, not passed over',
      weft: { ends: ['succeeded', 'refused conflict'], state: { log: ['a'] }, calls: { a: 1 } },
    },
  },
  {
    name: 'an answer to a graph that has ended gives its state, and runs nothing',
    graph: { channels: log, nodes: { a: logs('a') }, edges: ['START -> a'] },
    does: [{ do: 'answerBarely', answer: 'yes' }],
    expects: { ends: ['succeeded', 'succeeded'], state: { log: ['a'] }, calls: { a: 1 } },
    differs: {
      because: 'an answer that nobody has asked for is a mistake of whoever gives it',
      weft: { ends: ['succeeded', 'refused conflict'], state: { log: ['a'] }, calls: { a: 1 } },
    },
  },
];
