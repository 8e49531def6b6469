/** What a listener is told. */
import type { Case } from '../case.ts';
import { asks, logs, work } from '../graph.ts';

const log = { log: 'append' } as const;

const TOLD_AS_ONE =
  'what a superstep writes is told when it is written, in that order; each task is told by `tasks` as it ends';

export const streams: Omit<Case, 'group'>[] = [
  {
    name: 'values tells the state at the beginning and after each superstep',
    graph: {
      channels: log,
      nodes: { a: logs('a'), b: logs('b'), c: logs('c') },
      edges: ['START -> a', 'a -> b', 'a -> c'],
    },
    input: { log: ['in'] },
    listens: 'values',
    expects: {
      ends: 'succeeded',
      heard: [{ log: ['in'] }, { log: ['in', 'a'] }, { log: ['in', 'a', 'b', 'c'] }],
    },
  },
  {
    name: 'values tells of a superstep that waits for an answer what has finished, though it is not applied',
    graph: {
      channels: { ...log, a: 'last' },
      nodes: { one: logs('one'), ask: asks('A?', 'a'), ok: logs('ok') },
      edges: ['START -> one', 'one -> ask', 'one -> ok'],
    },
    input: { log: ['in'] },
    listens: 'values',
    expects: {
      ends: 'asks A?',
      heard: [
        { log: ['in'], a: null },
        { log: ['in', 'one'], a: null },
        { asks: ['A?'] },
        { log: ['in', 'one', 'ok'], a: null },
      ],
    },
    differs: {
      because: 'a value that was told is a value that the run had: what is pending is told as tasks and updates',
      weft: {
        ends: 'asks A?',
        heard: [
          { log: ['in'], a: null },
          { log: ['in', 'one'], a: null },
        ],
      },
    },
  },
  {
    name: 'updates tells each node with what it wrote',
    graph: {
      channels: { ...log, n: 'add' },
      nodes: { a: logs('a'), b: work(() => ({ update: { log: ['b'], n: 1 } })) },
      edges: ['START -> a', 'a -> b'],
    },
    listens: 'updates',
    expects: { ends: 'succeeded', heard: [{ a: { log: ['a'] } }, { b: { log: ['b'], n: 1 } }] },
  },
  {
    name: 'updates tells each task of a send',
    graph: {
      channels: { ...log, todo: 'last' },
      nodes: {
        plan: work(() => ({ update: { todo: [{ n: 1 }, { n: 2 }] } })),
        w: work(async ({ n }) => {
          await new Promise((resolve) => setTimeout(resolve, Number(n) * 30));
          return { update: { log: [n ?? null] } };
        }),
      },
      edges: ['START -> plan'],
      fans: [{ from: 'plan', items: 'todo', to: 'w' }],
    },
    listens: 'updates',
    expects: {
      ends: 'succeeded',
      heard: [{ plan: { todo: [{ n: 1 }, { n: 2 }] } }, { w: { log: [1] } }, { w: { log: [2] } }],
    },
  },
  {
    name: 'updates tells a node as soon as it has finished, before its superstep is applied',
    graph: {
      channels: log,
      nodes: {
        a: work(async () => {
          await new Promise((resolve) => setTimeout(resolve, 60));
          return { update: { log: ['a'] } };
        }),
        z: logs('z'),
      },
      edges: ['START -> a', 'START -> z'],
    },
    listens: 'updates',
    expects: { ends: 'succeeded', heard: [{ z: { log: ['z'] } }, { a: { log: ['a'] } }] },
    differs: {
      because: TOLD_AS_ONE,
      weft: { ends: 'succeeded', heard: [{ a: { log: ['a'] } }, { z: { log: ['z'] } }] },
    },
  },
];
