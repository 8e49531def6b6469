/** How long a graph may go on. */
import type { Case } from '../case.ts';
import { logs, work } from '../graph.ts';

const chain = (length: number) => ({
  channels: { log: 'append' } as const,
  nodes: Object.fromEntries(Array.from({ length }, (_, n) => [`n${n}`, logs(`n${n}`)])),
  edges: ['START -> n0', ...Array.from({ length: length - 1 }, (_, n) => `n${n} -> n${n + 1}`)],
});

const loop = (rounds: number) => ({
  channels: { n: 'add' } as const,
  nodes: { up: work(() => ({ update: { n: 1 } })) },
  edges: ['START -> up'],
  choices: { up: `state.n < ${rounds} ? 'up' : 'END'` },
});

export const limits: Omit<Case, 'group'>[] = [
  {
    name: 'a chain shorter than the bound ends',
    graph: { ...chain(3), maxSupersteps: 4 },
    expects: { ends: 'succeeded', order: 'n0 | n1 | n2' },
  },
  {
    name: 'a chain as long as the bound runs to its end, and fails',
    graph: { ...chain(3), maxSupersteps: 3 },
    expects: { ends: 'failed max_steps', order: 'n0 | n1 | n2', state: { log: ['n0', 'n1', 'n2'] } },
    differs: {
      because: 'a run that has nothing left to do has ended within its bound',
      weft: { ends: 'succeeded', order: 'n0 | n1 | n2', state: { log: ['n0', 'n1', 'n2'] } },
    },
  },
  {
    name: 'a chain longer than the bound fails where the bound is, and what was applied stays',
    graph: { ...chain(4), maxSupersteps: 3 },
    expects: { ends: 'failed max_steps', order: 'n0 | n1 | n2', state: { log: ['n0', 'n1', 'n2'] } },
  },
  {
    name: 'a loop that never ends runs as often as the bound says',
    graph: { ...loop(1000), maxSupersteps: 7 },
    expects: { ends: 'failed max_steps', state: { n: 7 }, calls: { up: 7 } },
  },
  {
    name: 'without a bound a loop of 25 rounds is the longest',
    graph: loop(60),
    expects: { ends: 'failed max_steps', state: { n: 25 }, calls: { up: 25 } },
    differs: {
      because: 'a durable run can be long: the bound is 1000 unless the document says otherwise',
      weft: { ends: 'succeeded', state: { n: 60 }, calls: { up: 60 } },
    },
  },
];
