/** In which order writes are applied, and who sees them. */
import type { Case } from '../case.ts';
import { logs, work } from '../graph.ts';

/** Finishes after the others have. */
async function late(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

const slow = (name: string, ms: number) =>
  work(async () => {
    await late(ms);
    return { update: { log: [name] } };
  });

export const ordering: Omit<Case, 'group'>[] = [
  {
    name: 'writes are applied by the names of the nodes, whoever finishes first',
    graph: {
      channels: { log: 'append' },
      nodes: { z: logs('z'), a: slow('a', 40), m: slow('m', 20) },
      edges: ['START -> z', 'START -> m', 'START -> a'],
    },
    input: { log: ['in'] },
    expects: { ends: 'succeeded', state: { log: ['in', 'a', 'm', 'z'] }, order: 'a m z' },
  },
  {
    name: 'names are ordered by code, not by number or case',
    graph: {
      channels: { log: 'append' },
      nodes: { n10: logs('n10'), n2: logs('n2'), B: logs('B'), a: logs('a') },
      edges: ['START -> n10', 'START -> n2', 'START -> B', 'START -> a'],
    },
    expects: { ends: 'succeeded', state: { log: ['B', 'a', 'n10', 'n2'] } },
  },
  {
    name: 'a node does not see what its siblings write',
    graph: {
      channels: { log: 'append', seen: 'merge' },
      nodes: {
        a: work(({ log }) => ({ update: { log: ['a'], seen: { a: log ?? null } } })),
        b: work(async ({ log }) => {
          await late(20);
          return { update: { log: ['b'], seen: { b: log ?? null } } };
        }),
        c: work(({ log }) => ({ update: { seen: { c: log ?? null } } })),
      },
      edges: ['START -> a', 'START -> b', 'a -> c'],
    },
    expects: {
      ends: 'succeeded',
      state: { log: ['a', 'b'], seen: { a: [], b: [], c: ['a', 'b'] } },
      order: 'a b | c',
    },
  },
  {
    name: 'a slow sibling holds up everyone, also those that do not need it',
    graph: {
      channels: { log: 'append' },
      nodes: { quick: logs('quick'), slow: slow('slow', 40), next: logs('next') },
      edges: ['START -> quick', 'START -> slow', 'quick -> next'],
    },
    expects: { ends: 'succeeded', state: { log: ['quick', 'slow', 'next'] }, order: 'quick slow | next' },
  },
  {
    name: 'twelve sends are applied by their number, not by text or time',
    graph: {
      channels: { todo: 'last', log: 'append' },
      nodes: {
        plan: work(() => ({ update: { todo: Array.from({ length: 12 }, (_, n) => ({ n })) } })),
        w: work(async ({ n }) => {
          await late((12 - Number(n)) * 2);
          return { update: { log: [n ?? null] } };
        }),
      },
      edges: ['START -> plan'],
      fans: [{ from: 'plan', items: 'todo', to: 'w' }],
    },
    expects: {
      ends: 'succeeded',
      state: { todo: Array.from({ length: 12 }, (_, n) => ({ n })), log: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
      calls: { plan: 1, w: 12 },
    },
  },
  {
    name: 'what the edges lead to is applied before what is sent, whatever the names',
    graph: {
      channels: { todo: 'last', log: 'append' },
      nodes: {
        plan: work(() => ({ update: { todo: [{ n: 1 }, { n: 2 }] } })),
        a: work(({ n }) => ({ update: { log: [`sent ${JSON.stringify(n)}`] } })),
        z: logs('pulled'),
      },
      edges: ['START -> plan', 'plan -> z'],
      fans: [{ from: 'plan', items: 'todo', to: 'a' }],
    },
    expects: {
      ends: 'succeeded',
      state: { todo: [{ n: 1 }, { n: 2 }], log: ['pulled', 'sent 1', 'sent 2'] },
      order: 'plan | a a z',
    },
  },
];
