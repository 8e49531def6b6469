/** What a write means to a key. */
import type { Case } from '../case.ts';
import { logs, overwrite, work, writes } from '../graph.ts';

const ONE_AFTER_THE_OTHER = ['START -> a', 'a -> b'];
const SIDE_BY_SIDE = ['START -> a', 'START -> b'];

export const channels: Omit<Case, 'group'>[] = [
  {
    name: 'a key without a reducer takes the last value',
    graph: {
      channels: { x: 'last' },
      nodes: { a: writes({ x: 1 }), b: writes({ x: { deep: [2] } }) },
      edges: ONE_AFTER_THE_OTHER,
    },
    expects: { ends: 'succeeded', state: { x: { deep: [2] } }, order: 'a | b', calls: { a: 1, b: 1 } },
  },
  {
    name: 'two writes of a key without a reducer in one superstep fail',
    graph: { channels: { x: 'last' }, nodes: { a: writes({ x: 1 }), b: writes({ x: 2 }) }, edges: SIDE_BY_SIDE },
    input: { x: 0 },
    expects: { ends: 'failed concurrent_update', state: { x: 0 }, order: '' },
  },
  {
    name: 'two equal writes of a key without a reducer in one superstep fail, too',
    graph: { channels: { x: 'last' }, nodes: { a: writes({ x: 1 }), b: writes({ x: 1 }) }, edges: SIDE_BY_SIDE },
    expects: { ends: 'failed concurrent_update', state: { x: null }, order: '' },
  },
  {
    name: 'null is a value',
    graph: {
      channels: { x: 'last' },
      nodes: { a: writes({ x: 1 }), b: writes({ x: null }) },
      edges: ONE_AFTER_THE_OTHER,
    },
    expects: { ends: 'succeeded', state: { x: null } },
  },
  {
    name: 'a node that writes nothing changes nothing, and its edges fire',
    graph: { channels: { x: 'last' }, nodes: { a: work(() => ({})), b: writes({ x: 2 }) }, edges: ONE_AFTER_THE_OTHER },
    input: { x: 1 },
    expects: { ends: 'succeeded', state: { x: 2 }, order: 'a | b' },
  },
  {
    name: 'a reducer takes all writes of one superstep',
    graph: {
      channels: { sum: 'add', least: 'min', most: 'max', log: 'append' },
      nodes: {
        a: writes({ sum: 1, least: 5, most: 5, log: ['a'] }),
        b: writes({ sum: 2, least: 3, most: 3, log: ['b', 'b'] }),
      },
      edges: SIDE_BY_SIDE,
    },
    input: { sum: 10, log: ['in'] },
    expects: { ends: 'succeeded', state: { sum: 13, least: 3, most: 5, log: ['in', 'a', 'b', 'b'] }, order: 'a b' },
  },
  {
    name: 'objects are merged by a reducer that does so',
    graph: {
      channels: { tree: 'merge' },
      nodes: { a: writes({ tree: { x: { a: 1 }, l: [1] } }), b: writes({ tree: { x: { b: 2 }, l: [2] } }) },
      edges: SIDE_BY_SIDE,
    },
    expects: { ends: 'succeeded', state: { tree: { x: { a: 1, b: 2 }, l: [2] } } },
  },
  {
    name: 'an overwrite replaces what a reducer holds',
    graph: {
      channels: { log: 'append' },
      nodes: { a: writes({ log: overwrite(['new']) }), b: logs('b') },
      edges: ONE_AFTER_THE_OTHER,
    },
    input: { log: ['old'] },
    expects: { ends: 'succeeded', state: { log: ['new', 'b'] } },
  },
  {
    name: 'an overwrite drops the other writes of its superstep, before and after it',
    graph: {
      channels: { log: 'append' },
      nodes: { a: logs('a'), m: writes({ log: overwrite(['OW']) }), z: logs('z') },
      edges: ['START -> a', 'START -> m', 'START -> z'],
    },
    input: { log: ['in'] },
    expects: { ends: 'succeeded', state: { log: ['OW'] } },
  },
  {
    name: 'two overwrites of a key in one superstep fail',
    graph: {
      channels: { log: 'append' },
      nodes: { a: writes({ log: overwrite(['a']) }), b: writes({ log: overwrite(['b']) }) },
      edges: SIDE_BY_SIDE,
    },
    input: { log: ['in'] },
    expects: { ends: 'failed concurrent_update', state: { log: ['in'] } },
  },
  {
    name: 'an ephemeral key is seen in the next superstep only',
    graph: {
      channels: { hint: 'once', log: 'append' },
      nodes: {
        a: writes({ hint: 'psst' }),
        b: work(({ hint }) => ({ update: { log: [hint ?? null] } })),
        c: work(({ hint }) => ({ update: { log: [hint ?? null] } })),
      },
      edges: ['START -> a', 'a -> b', 'b -> c'],
    },
    expects: { ends: 'succeeded', state: { log: ['psst', null], hint: null }, order: 'a | b | c' },
  },
  {
    name: 'a key that is not declared is ignored',
    graph: { channels: { x: 'last' }, nodes: { a: writes({ x: 1, y: 2 }) }, edges: ['START -> a'] },
    expects: { ends: 'succeeded', state: { x: 1 } },
    differs: {
      because: 'a misspelled key is an error of the workflow, and silence hides it',
      weft: { ends: 'failed undeclared_key', state: { x: null } },
    },
  },
  {
    name: 'messages are added in order, and one of a known id replaces it in place',
    graph: {
      channels: { chat: 'messages' },
      nodes: {
        a: writes({
          chat: [
            { id: '1', role: 'user', content: 'hi' },
            { id: '2', role: 'assistant', content: 'draft' },
          ],
        }),
        b: writes({
          chat: [
            { id: '2', role: 'assistant', content: 'final' },
            { id: '3', role: 'user', content: 'ok' },
          ],
        }),
      },
      edges: ONE_AFTER_THE_OTHER,
    },
    expects: {
      ends: 'succeeded',
      state: {
        chat: [
          { id: '1', role: 'user', content: 'hi' },
          { id: '2', role: 'assistant', content: 'final' },
          { id: '3', role: 'user', content: 'ok' },
        ],
      },
    },
  },
  {
    name: 'a message is removed by its id',
    graph: {
      channels: { chat: 'messages' },
      nodes: {
        a: writes({
          chat: [
            { id: '1', role: 'user', content: 'hi' },
            { id: '2', role: 'assistant', content: 'no' },
          ],
        }),
        b: writes({ chat: [{ id: '2', remove: true }] }),
      },
      edges: ONE_AFTER_THE_OTHER,
    },
    expects: { ends: 'succeeded', state: { chat: [{ id: '1', role: 'user', content: 'hi' }] } },
  },
  {
    name: 'removing a message that is not there fails',
    graph: {
      channels: { chat: 'messages' },
      nodes: { a: writes({ chat: [{ id: '9', remove: true }] }) },
      edges: ['START -> a'],
    },
    expects: { ends: `failed missing_message`, state: { chat: [] } },
    differs: {
      because: 'a removal that is repeated means the same, as every update must after a replay',
      weft: { ends: 'succeeded', state: { chat: [] } },
    },
  },
];
