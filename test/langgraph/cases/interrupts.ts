/** Questions, their answers, and stops at nodes. */
import type { Case } from '../case.ts';
import { asks, logs, work } from '../graph.ts';
import type { Node } from '../graph.ts';

const answered = { log: 'append', a: 'last', b: 'last' } as const;
const says: Node = work(({ a, b }) => ({ update: { log: [JSON.stringify([a, b])] } }));

export const interrupts: Omit<Case, 'group'>[] = [
  {
    name: 'a question holds the run until its answer, which is the value of the question',
    graph: {
      channels: answered,
      nodes: { before: logs('before'), ask: asks('Really?', 'a'), say: says },
      edges: ['START -> before', 'before -> ask', 'ask -> say'],
    },
    does: [{ do: 'answer', answers: { 'Really?': { yes: true } } }],
    expects: {
      ends: ['asks Really?', 'succeeded'],
      state: { a: { yes: true }, b: null, log: ['before', '[{"yes":true},null]'] },
      order: 'before | ask | say',
    },
  },
  {
    name: 'the node that asks runs again from its first line when it is answered',
    graph: { channels: answered, nodes: { ask: asks('Really?', 'a') }, edges: ['START -> ask'] },
    does: [{ do: 'answer', answers: { 'Really?': 'yes' } }],
    expects: { ends: ['asks Really?', 'succeeded'], calls: { ask: 2 } },
    differs: {
      because: 'a question is a node of its own, so nothing before it is done twice',
      weft: { ends: ['asks Really?', 'succeeded'], calls: { ask: 1 } },
    },
  },
  {
    name: 'a node that asks twice runs three times, and its answers are matched by order',
    graph: {
      channels: answered,
      nodes: {
        ask: {
          kind: 'ask',
          questions: [
            { question: 'First?', into: 'a' },
            { question: 'Second?', into: 'b' },
          ],
        },
        say: says,
      },
      edges: ['START -> ask', 'ask -> say'],
    },
    does: [
      { do: 'answer', answers: { 'First?': 1 } },
      { do: 'answer', answers: { 'Second?': 2 } },
    ],
    expects: {
      ends: ['asks First?', 'asks Second?', 'succeeded'],
      state: { a: 1, b: 2, log: ['[1,2]'] },
      order: 'ask | say',
      calls: { ask: 3, say: 1 },
    },
    differs: {
      because: 'each question is a node of its own, so each answer is a superstep and counts once',
      weft: {
        ends: ['asks First?', 'asks Second?', 'succeeded'],
        state: { a: 1, b: 2, log: ['[1,2]'] },
        order: 'ask 1 | ask 2 | say',
        calls: { 'ask 1': 1, 'ask 2': 1, say: 1 },
      },
    },
  },
  {
    name: 'two questions of one superstep are asked together and answered together',
    graph: {
      channels: answered,
      nodes: { one: asks('A?', 'a'), two: asks('B?', 'b'), say: says },
      edges: ['START -> one', 'START -> two', 'one + two -> say'],
    },
    does: [{ do: 'answer', answers: { 'A?': 1, 'B?': 2 } }],
    expects: {
      ends: ['asks A?, B?', 'succeeded'],
      state: { a: 1, b: 2, log: ['[1,2]'] },
      order: 'one two | say',
    },
  },
  {
    name: 'one of two questions may be answered first; the other stays open, and nothing is applied',
    graph: {
      channels: answered,
      nodes: { one: asks('A?', 'a'), two: asks('B?', 'b'), say: says },
      edges: ['START -> one', 'START -> two', 'one -> say'],
    },
    does: [
      { do: 'answer', answers: { 'A?': 1 } },
      { do: 'answer', answers: { 'B?': 2 } },
    ],
    expects: {
      ends: ['asks A?, B?', 'asks B?', 'succeeded'],
      state: { a: 1, b: 2, log: ['[1,2]'] },
      order: 'one two | say',
    },
  },
  {
    name: 'a sibling that has finished is not run again, and what it wrote waits for the answer',
    graph: {
      channels: answered,
      nodes: { ask: asks('A?', 'a'), ok: logs('ok'), next: logs('next') },
      edges: ['START -> ask', 'START -> ok', 'ok -> next'],
    },
    does: [{ do: 'answer', answers: { 'A?': 1 } }],
    expects: {
      ends: ['asks A?', 'succeeded'],
      state: { a: 1, b: null, log: ['ok', 'next'] },
      order: 'ask ok | next',
    },
  },
  {
    name: 'one answer that names no question is given to all that are open',
    graph: {
      channels: answered,
      nodes: { one: asks('A?', 'a'), two: asks('B?', 'b') },
      edges: ['START -> one', 'START -> two'],
    },
    does: [{ do: 'answerBarely', answer: 'yes' }],
    expects: { ends: ['asks A?, B?', 'succeeded'], state: { a: 'yes', b: 'yes', log: [] } },
    differs: {
      because: 'an answer to one question must not pass for an answer to another',
      weft: { ends: ['asks A?, B?', 'refused conflict'], state: { a: null, b: null, log: [] } },
    },
  },
  {
    name: 'one answer that names no question answers the only one',
    graph: { channels: answered, nodes: { ask: asks('A?', 'a'), say: says }, edges: ['START -> ask', 'ask -> say'] },
    does: [{ do: 'answerBarely', answer: 'yes' }],
    expects: { ends: ['asks A?', 'succeeded'], state: { a: 'yes', b: null, log: ['["yes",null]'] } },
    differs: {
      because: 'which question an answer is for is always said, so that a second question cannot take it',
      weft: { ends: ['asks A?', 'refused conflict'], state: { a: null, b: null, log: [] } },
    },
  },
  ...[false, null].map((answer): Omit<Case, 'group'> => ({
    name: `the answer ${JSON.stringify(answer)} without the id of its question is taken for none`,
    graph: { channels: answered, nodes: { ask: asks('A?', 'a'), say: says }, edges: ['START -> ask', 'ask -> say'] },
    does: [{ do: 'answerBarely', answer }],
    expects: { ends: ['asks A?', 'failed empty_input'] },
    differs: {
      because: 'which question an answer is for is always said; any JSON value can be an answer',
      weft: { ends: ['asks A?', 'refused conflict'] },
    },
  })),
  ...[false, 0, '', null].map((answer): Omit<Case, 'group'> => ({
    name: `the answer ${JSON.stringify(answer)} to a named question is an answer`,
    graph: { channels: answered, nodes: { ask: asks('A?', 'a'), say: says }, edges: ['START -> ask', 'ask -> say'] },
    does: [{ do: 'answer', answers: { 'A?': answer } }],
    expects: { ends: ['asks A?', 'succeeded'], state: { a: answer, b: null, log: [JSON.stringify([answer, null])] } },
  })),
  {
    name: 'an update that comes with the answer is applied before it',
    graph: {
      channels: { ...answered, x: 'last' },
      nodes: { ask: asks('A?', 'a'), say: work(({ a, x }) => ({ update: { log: [JSON.stringify([a, x])] } })) },
      edges: ['START -> ask', 'ask -> say'],
    },
    does: [{ do: 'answer', answers: { 'A?': 1 }, update: { x: 'with it', log: ['update'] } }],
    expects: {
      ends: ['asks A?', 'succeeded'],
      state: { a: 1, b: null, x: 'with it', log: ['update', '[1,"with it"]'] },
    },
  },
  {
    name: 'a question behind a question is asked when the first is answered',
    graph: {
      channels: answered,
      nodes: { one: asks('A?', 'a'), two: asks('B?', 'b'), say: says },
      edges: ['START -> one', 'one -> two', 'two -> say'],
    },
    does: [
      { do: 'answer', answers: { 'A?': 1 } },
      { do: 'answer', answers: { 'B?': 2 } },
    ],
    expects: {
      ends: ['asks A?', 'asks B?', 'succeeded'],
      state: { a: 1, b: 2, log: ['[1,2]'] },
      order: 'one | two | say',
    },
  },
  {
    name: 'a question in a loop is asked in each round',
    graph: {
      channels: answered,
      nodes: { ask: asks('Again?', 'a'), say: says },
      edges: ['START -> ask', 'ask -> say'],
      choices: { say: "state.a == true ? 'ask' : 'END'" },
    },
    does: [
      { do: 'answer', answers: { 'Again?': true } },
      { do: 'answer', answers: { 'Again?': false } },
    ],
    expects: {
      ends: ['asks Again?', 'asks Again?', 'succeeded'],
      state: { a: false, b: null, log: ['[true,null]', '[false,null]'] },
      order: 'ask | say | ask | say',
    },
  },
  {
    name: 'a stop before a node holds the run, and going on runs the node',
    graph: {
      channels: answered,
      nodes: { one: logs('one'), two: logs('two'), three: logs('three') },
      edges: ['START -> one', 'one -> two', 'two -> three'],
      stopBefore: ['two'],
    },
    does: [{ do: 'goOn' }],
    expects: {
      ends: ['stops', 'succeeded'],
      state: { a: null, b: null, log: ['one', 'two', 'three'] },
      order: 'one | two | three',
      calls: { one: 1, three: 1, two: 1 },
    },
  },
  {
    name: 'a stop after a node holds what follows it',
    graph: {
      channels: answered,
      nodes: { one: logs('one'), two: logs('two') },
      edges: ['START -> one', 'one -> two'],
      stopAfter: ['one'],
    },
    does: [{ do: 'goOn' }],
    expects: { ends: ['stops', 'succeeded'], state: { a: null, b: null, log: ['one', 'two'] }, order: 'one | two' },
  },
  {
    name: 'a stop before a node holds its siblings, too',
    graph: {
      channels: answered,
      nodes: { one: logs('one'), two: logs('two') },
      edges: ['START -> one', 'START -> two'],
      stopBefore: ['two'],
    },
    does: [],
    expects: { ends: ['stops'], state: { a: null, b: null, log: [] }, order: '', calls: {} },
  },
  {
    name: 'a stop in a loop stops in each round',
    graph: {
      channels: { n: 'add' },
      nodes: { up: work(() => ({ update: { n: 1 } })) },
      edges: ['START -> up'],
      choices: { up: "state.n < 2 ? 'up' : 'END'" },
      stopBefore: ['up'],
    },
    does: [{ do: 'goOn' }, { do: 'goOn' }],
    expects: { ends: ['stops', 'stops', 'succeeded'], state: { n: 2 }, order: 'up | up' },
  },
];
