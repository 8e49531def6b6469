/** Which nodes a superstep runs. */
import type { Case } from '../case.ts';
import { logs, work } from '../graph.ts';

const log = { log: 'append' } as const;
const all = (...names: string[]) => Object.fromEntries(names.map((name) => [name, logs(name)]));

export const edges: Omit<Case, 'group'>[] = [
  {
    name: 'a diamond of equal sides runs its end once',
    graph: {
      channels: log,
      nodes: all('a', 'b', 'c', 'd'),
      edges: ['START -> a', 'a -> b', 'a -> c', 'b -> d', 'c -> d', 'd -> END'],
    },
    expects: { ends: 'succeeded', order: 'a | b c | d', state: { log: ['a', 'b', 'c', 'd'] } },
  },
  {
    name: 'several single edges are no join: an unequal diamond runs its end twice',
    graph: {
      channels: log,
      nodes: all('a', 'b', 'c', 'c2', 'd'),
      edges: ['START -> a', 'a -> b', 'a -> c', 'b -> d', 'c -> c2', 'c2 -> d'],
    },
    expects: { ends: 'succeeded', order: 'a | b c | c2 d | d', calls: { a: 1, b: 1, c: 1, c2: 1, d: 2 } },
  },
  {
    name: 'an edge from several nodes waits for all of them',
    graph: {
      channels: log,
      nodes: all('a', 'b', 'c', 'c2', 'd'),
      edges: ['START -> a', 'a -> b', 'a -> c', 'c -> c2', 'b + c2 -> d'],
    },
    expects: { ends: 'succeeded', order: 'a | b c | c2 | d', calls: { a: 1, b: 1, c: 1, c2: 1, d: 1 } },
  },
  {
    name: 'an edge from several nodes one of which never runs does not fire, and the run ends',
    graph: {
      channels: { ...log, way: 'last' },
      nodes: all('a', 'b', 'c', 'd'),
      edges: ['START -> a', 'b + c -> d'],
      choices: { a: "state.way == null ? 'b' : 'c'" },
    },
    expects: { ends: 'succeeded', order: 'a | b', state: { log: ['a', 'b'], way: null } },
  },
  {
    name: 'an edge from several nodes waits anew in each round of a loop',
    graph: {
      channels: { ...log, round: 'add' },
      nodes: {
        head: work(() => ({ update: { log: ['head'], round: 1 } })),
        ...all('x', 'y', 'join'),
      },
      edges: ['START -> head', 'head -> x', 'head -> y', 'x + y -> join'],
      choices: { join: "state.round < 3 ? 'head' : 'END'" },
    },
    expects: {
      ends: 'succeeded',
      order: 'head | x y | join | head | x y | join | head | x y | join',
      calls: { head: 3, join: 3, x: 3, y: 3 },
    },
  },
  {
    name: 'a join and a single edge into the same node are two ways to run it',
    graph: {
      channels: log,
      nodes: all('a', 'b', 'c', 'd'),
      edges: ['START -> a', 'a -> b', 'b -> c', 'a + c -> d', 'a -> d'],
    },
    expects: { ends: 'succeeded', order: 'a | b d | c | d', calls: { a: 1, b: 1, c: 1, d: 2 } },
    differs: {
      because: 'the same edge written twice is one, and what `needs` names is waited for',
      weft: { ends: 'succeeded', order: 'a | b | c | d', calls: { a: 1, b: 1, c: 1, d: 1 } },
    },
  },
  {
    name: 'what has come to a join is kept when its node runs for another reason',
    graph: {
      channels: log,
      nodes: all('a', 'b', 'c', 'd'),
      edges: ['START -> a', 'a -> b', 'b -> c', 'a + c -> d', 'b -> d'],
    },
    expects: { ends: 'succeeded', order: 'a | b | c d | d', calls: { a: 1, b: 1, c: 1, d: 2 } },
    differs: {
      because: 'a node that runs has used what had come to it: what it has read is not counted a second time',
      weft: { ends: 'succeeded', order: 'a | b | c d', calls: { a: 1, b: 1, c: 1, d: 1 } },
    },
  },
  {
    name: 'a choice reads what its own node has just written',
    graph: {
      channels: { ...log, x: 'last' },
      nodes: { a: work(() => ({ update: { x: 'right', log: ['a'] } })), ...all('left', 'right') },
      edges: ['START -> a'],
      choices: { a: "state.x == 'right' ? 'right' : 'left'" },
    },
    input: { x: 'left' },
    expects: { ends: 'succeeded', order: 'a | right', state: { x: 'right', log: ['a', 'right'] } },
  },
  {
    name: 'a choice does not read what the siblings of its node write',
    graph: {
      channels: { ...log, n: 'add' },
      nodes: { a: work(() => ({ update: { n: 1 } })), b: work(() => ({ update: { n: 1 } })), ...all('one', 'two') },
      edges: ['START -> a', 'START -> b'],
      choices: { a: "state.n == 1 ? 'one' : 'two'" },
    },
    expects: { ends: 'succeeded', order: 'a b | one', state: { n: 2, log: ['one'] } },
    differs: {
      because: 'a route reads the state that the whole superstep has made, as the nodes behind it do',
      weft: { ends: 'succeeded', order: 'a b | two', state: { n: 2, log: ['two'] } },
    },
  },
  {
    name: 'a choice takes several nodes at once',
    graph: {
      channels: log,
      nodes: all('a', 'b', 'd'),
      edges: ['START -> a'],
      choices: { a: ["'b'", "'d'"] },
    },
    expects: { ends: 'succeeded', order: 'a | b d' },
  },
  {
    name: 'a choice and an edge of the same node are both followed',
    graph: {
      channels: log,
      nodes: all('a', 'b', 'c'),
      edges: ['START -> a', 'a -> b'],
      choices: { a: "'c'" },
    },
    expects: { ends: 'succeeded', order: 'a | b c' },
  },
  {
    name: 'a choice of the end ends its branch only',
    graph: {
      channels: log,
      nodes: all('a', 'b', 'c', 'd'),
      edges: ['START -> a', 'START -> b', 'b -> c', 'c -> d'],
      choices: { a: "'END'" },
    },
    expects: { ends: 'succeeded', order: 'a b | c | d' },
  },
  {
    name: 'a loop goes round until its choice leads out',
    graph: {
      channels: { n: 'add' },
      nodes: { up: work(() => ({ update: { n: 1 } })), done: work(() => ({ update: { n: 100 } })) },
      edges: ['START -> up'],
      choices: { up: "state.n < 4 ? 'up' : 'done'" },
    },
    expects: { ends: 'succeeded', order: 'up | up | up | up | done', state: { n: 104 }, calls: { up: 4, done: 1 } },
  },
  {
    name: 'two loops side by side go round in step, and each ends by itself',
    graph: {
      channels: { x: 'add', y: 'add' },
      nodes: { a: work(() => ({ update: { x: 1 } })), b: work(() => ({ update: { y: 1 } })) },
      edges: ['START -> a', 'START -> b'],
      choices: { a: "state.x < 2 ? 'a' : 'END'", b: "state.y < 4 ? 'b' : 'END'" },
    },
    expects: { ends: 'succeeded', order: 'a b | a b | b | b', state: { x: 2, y: 4 } },
  },
  {
    name: 'two nodes that choose the same node run it once',
    graph: {
      channels: log,
      nodes: all('a', 'b', 'c'),
      edges: ['START -> a', 'START -> b'],
      choices: { a: "'c'", b: "'c'" },
    },
    expects: { ends: 'succeeded', order: 'a b | c' },
  },
  {
    name: 'a deferred node runs once, when nothing else is left',
    graph: {
      channels: log,
      nodes: { ...all('a', 'b', 'c', 'c2'), d: logs('d', { defer: true }) },
      edges: ['START -> a', 'a -> b', 'a -> c', 'b -> d', 'c -> c2', 'c2 -> d'],
    },
    expects: { ends: 'succeeded', order: 'a | b c | c2 | d', calls: { a: 1, b: 1, c: 1, c2: 1, d: 1 } },
  },
  {
    name: 'two deferred nodes run together, and what follows them goes on',
    graph: {
      channels: log,
      nodes: { ...all('a', 'b', 'b2', 'e'), c: logs('c', { defer: true }), d: logs('d', { defer: true }) },
      edges: ['START -> a', 'a -> b', 'a -> c', 'b -> b2', 'b -> d', 'c -> e'],
    },
    expects: { ends: 'succeeded', order: 'a | b | b2 | c d | e' },
  },
  {
    name: 'an edge to a node that does not exist is refused',
    graph: { channels: log, nodes: all('a'), edges: ['START -> a', 'a -> nowhere'] },
    expects: { ends: 'refused missing_reference' },
  },
  {
    name: 'a node that nothing leads to is refused',
    graph: { channels: log, nodes: all('a', 'lost'), edges: ['START -> a', 'a -> END', 'lost -> END'] },
    expects: { ends: 'refused unreachable_node' },
  },
  {
    name: 'a circle of plain edges runs until the bound',
    graph: { channels: log, nodes: all('a', 'b'), edges: ['START -> a', 'a -> b', 'b -> a'], maxSupersteps: 5 },
    expects: { ends: 'failed max_steps', calls: { a: 3, b: 2 } },
  },
];
