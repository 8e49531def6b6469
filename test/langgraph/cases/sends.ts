/** Sends and gotos. */
import type { Case } from '../case.ts';
import { END, logs, work } from '../graph.ts';

const log = { log: 'append' } as const;
const all = (...names: string[]) => Object.fromEntries(names.map((name) => [name, logs(name)]));
const items = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));
const plan = (count: number) => work(() => ({ update: { todo: items(count), log: ['plan'] } }));
const worker = work(({ n }) => ({ update: { log: [`w${JSON.stringify(n)}`] } }));

export const sends: Omit<Case, 'group'>[] = [
  {
    name: 'a send runs its node in the next superstep, once for each item',
    graph: {
      channels: { ...log, todo: 'last' },
      nodes: { plan: plan(3), w: worker },
      edges: ['START -> plan'],
      fans: [{ from: 'plan', items: 'todo', to: 'w' }],
    },
    expects: {
      ends: 'succeeded',
      order: 'plan | w w w',
      state: { todo: items(3), log: ['plan', 'w0', 'w1', 'w2'] },
      calls: { plan: 1, w: 3 },
    },
  },
  {
    name: 'the item is all that a sent task reads',
    graph: {
      channels: { ...log, todo: 'last' },
      nodes: { plan: plan(1), w: work((item) => ({ update: { log: [Object.keys(item).join()] } })) },
      edges: ['START -> plan'],
      fans: [{ from: 'plan', items: 'todo', to: 'w' }],
    },
    expects: { ends: 'succeeded', state: { todo: items(1), log: ['plan', 'n'] } },
  },
  {
    name: 'what follows the sent tasks runs once',
    graph: {
      channels: { ...log, todo: 'last' },
      nodes: { plan: plan(3), w: worker, ...all('red') },
      edges: ['START -> plan', 'w -> red'],
      fans: [{ from: 'plan', items: 'todo', to: 'w' }],
    },
    expects: {
      ends: 'succeeded',
      order: 'plan | w w w | red',
      state: { todo: items(3), log: ['plan', 'w0', 'w1', 'w2', 'red'] },
    },
  },
  {
    name: 'what follows the sent tasks does not run where there is no item',
    graph: {
      channels: { ...log, todo: 'last' },
      nodes: { plan: plan(0), w: worker, ...all('red') },
      edges: ['START -> plan', 'w -> red'],
      fans: [{ from: 'plan', items: 'todo', to: 'w' }],
    },
    expects: { ends: 'succeeded', order: 'plan', state: { todo: [], log: ['plan'] } },
  },
  {
    name: 'two sends of one node to two nodes run in the same superstep, and are applied in the order in which they were sent',
    graph: {
      channels: { ...log, todo: 'last' },
      nodes: {
        plan: plan(2),
        v: work(({ n }) => ({ update: { log: [`v${JSON.stringify(n)}`] } })),
        w: worker,
      },
      edges: ['START -> plan'],
      fans: [
        { from: 'plan', items: 'todo', to: 'w' },
        { from: 'plan', items: 'todo', to: 'v' },
      ],
    },
    expects: {
      ends: 'succeeded',
      order: 'plan | v v w w',
      state: { todo: items(2), log: ['plan', 'w0', 'w1', 'v0', 'v1'] },
    },
    differs: {
      because: 'each send is a node, and they are applied by their names',
      weft: {
        ends: 'succeeded',
        order: 'plan | v v w w',
        state: { todo: items(2), log: ['plan', 'v0', 'v1', 'w0', 'w1'] },
      },
    },
  },
  {
    name: 'sends of a loop are sent anew in each round',
    graph: {
      channels: { ...log, todo: 'last', round: 'add' },
      nodes: {
        plan: work(({ round }) => ({ update: { todo: items(Number(round) + 1), round: 1 } })),
        w: worker,
        red: work(() => ({ update: { log: ['red'] } })),
      },
      edges: ['START -> plan', 'w -> red'],
      fans: [{ from: 'plan', items: 'todo', to: 'w' }],
      choices: { red: "state.round < 3 ? 'plan' : 'END'" },
    },
    expects: {
      ends: 'succeeded',
      order: 'plan | w | red | plan | w w | red | plan | w w w | red',
      state: { todo: items(3), round: 3, log: ['w0', 'red', 'w0', 'w1', 'red', 'w0', 'w1', 'w2', 'red'] },
    },
  },
  {
    name: 'an item that fails fails the superstep, and no other item is applied',
    graph: {
      channels: { ...log, todo: 'last' },
      nodes: {
        plan: plan(3),
        w: work(({ n }) => {
          if (n === 1) throw Object.assign(new Error('no'), { code: 'sold_out' });
          return { update: { log: [n ?? null] } };
        }),
      },
      edges: ['START -> plan'],
      fans: [{ from: 'plan', items: 'todo', to: 'w' }],
    },
    expects: { ends: 'failed sold_out', order: 'plan', state: { todo: items(3), log: ['plan'] } },
    differs: {
      because: 'the send says which item has failed; the error of the item is that of its task',
      weft: { ends: 'failed item_failed', order: 'plan', state: { todo: items(3), log: ['plan'] } },
    },
  },
  {
    name: 'a goto is followed beside the edges of its node',
    graph: {
      channels: log,
      nodes: { a: work(() => ({ update: { log: ['a'] }, goto: ['c'] }), { goes: ['c'] }), ...all('b', 'c') },
      edges: ['START -> a', 'a -> b'],
    },
    expects: { ends: 'succeeded', order: 'a | b c' },
  },
  {
    name: 'a goto to several nodes runs all of them in the next superstep',
    graph: {
      channels: log,
      nodes: {
        a: work(() => ({ update: { log: ['a'] }, goto: ['b', 'd'] }), { goes: ['b', 'd'] }),
        ...all('b', 'c', 'd'),
      },
      edges: ['START -> a', 'c -> END'],
      choices: { b: "'c'" },
    },
    expects: { ends: 'succeeded', order: 'a | b d | c' },
  },
  {
    name: 'a goto to the end does not keep the edges from firing',
    graph: {
      channels: log,
      nodes: { a: work(() => ({ update: { log: ['a'] }, goto: [END] }), { goes: [END] }), ...all('b') },
      edges: ['START -> a', 'a -> b'],
    },
    expects: { ends: 'succeeded', order: 'a | b' },
  },
  {
    name: 'a goto and an edge to the same node run it once',
    graph: {
      channels: log,
      nodes: { a: work(() => ({ update: { log: ['a'] }, goto: ['b'] }), { goes: ['b'] }), ...all('b') },
      edges: ['START -> a', 'a -> b'],
    },
    expects: { ends: 'succeeded', order: 'a | b', calls: { a: 1, b: 1 } },
  },
  {
    name: 'a goto leads back and makes a loop',
    graph: {
      channels: { n: 'add' },
      nodes: { a: work(({ n }) => ({ update: { n: 1 }, goto: [Number(n) < 3 ? 'a' : END] }), { goes: ['a', END] }) },
      edges: ['START -> a'],
    },
    expects: { ends: 'succeeded', order: 'a | a | a | a', state: { n: 4 } },
  },
  {
    name: 'a goto to a node that does not exist is ignored',
    graph: {
      channels: log,
      nodes: { a: work(() => ({ update: { log: ['a'] }, goto: ['nowhere'] })) },
      edges: ['START -> a'],
    },
    expects: { ends: 'succeeded', order: 'a', state: { log: ['a'] } },
    differs: {
      because: 'a run that silently does not do what it was told is worse than one that fails',
      weft: { ends: 'failed invalid_goto', order: '', state: { log: [] } },
    },
  },
  {
    name: 'a deferred node runs before the sends that are under way, and again after them',
    graph: {
      channels: { ...log, todo: 'last' },
      nodes: {
        plan: plan(2),
        w: worker,
        red: work((state) => ({ update: { log: [`red ${String((state['log'] as unknown[]).length)}`] } }), {
          defer: true,
        }),
      },
      edges: ['START -> plan', 'plan -> red', 'w -> red'],
      fans: [{ from: 'plan', items: 'todo', to: 'w' }],
    },
    expects: {
      ends: 'succeeded',
      order: 'plan | red w w | red',
      state: { todo: items(2), log: ['plan', 'red 1', 'w0', 'w1', 'red 4'] },
    },
    differs: {
      because: 'what is sent is left to do, so a deferred node waits for it',
      weft: {
        ends: 'succeeded',
        order: 'plan | w w | red',
        state: { todo: items(2), log: ['plan', 'w0', 'w1', 'red 3'] },
      },
    },
  },
];
