/** Graphs by chance, of all that means the same on both sides. */
import * as fc from 'fast-check';

import { work } from './graph.ts';
import type { Channel, Fan, Graph, Node } from './graph.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
/** What is sent to is led to by nothing else. */
const WORKERS = ['v', 'w'];
/** Nothing but its join leads to it. */
const JOIN = 'j';
const MAX_SUPERSTEPS = 10;

type Plan = {
  size: number;
  /** Numbers that decide one thing after another. */
  dice: number[];
};

/** Circles, joins, choices, gotos, and either sends or deferred nodes. */
export const randomGraph: fc.Arbitrary<Graph> = fc
  .record({
    size: fc.integer({ min: 2, max: NAMES.length }),
    dice: fc.array(fc.nat(999), { minLength: 60, maxLength: 60 }),
  })
  .map(makeGraph);

function makeGraph({ size, dice }: Plan): Graph {
  const names = NAMES.slice(0, size);
  let next = 0;
  const roll = (sides: number): number => (dice[next++ % dice.length] ?? 0) % sides;
  const pick = (): string => names[roll(size)] ?? 'a';
  const sends = roll(2) === 0;
  const edges = new Set(['START -> a']);
  const choices: Record<string, string> = {};
  const goes = new Map<string, string[]>();
  // Something leads to each node.
  for (const [n, name] of names.entries()) {
    const from = n === 0 ? 'START' : (names[roll(n)] ?? 'a');
    const way = roll(5);
    if (n > 0 && way === 0 && choices[from] === undefined)
      choices[from] = chosen(from, 1 + roll(2), [name, roll(2) === 0 ? 'END' : pick()]);
    else if (n > 0 && way === 1) goes.set(from, [...(goes.get(from) ?? []), name]);
    else edges.add(`${from} -> ${name}`);
  }
  for (let more = roll(size + 2); more > 0; more--) edges.add(`${pick()} -> ${pick()}`);
  const from = [...new Set([pick(), pick(), pick()])].toSorted();
  const joins = from.length > 1 && roll(2) === 0;
  if (joins) edges.add(`${from.join(' + ')} -> ${JOIN}`);
  if (joins && roll(2) === 0) edges.add(`${JOIN} -> ${pick()}`);
  const fans = sends ? fansOf(WORKERS.slice(0, 1 + roll(2)), { names, roll }) : [];
  for (const { to } of fans) if (roll(3) > 0) edges.add(`${to} -> ${pick()}`);
  const deferred = new Set(sends || roll(2) === 0 ? [] : [names[1 + roll(size - 1)] ?? 'b']);
  const nodes = [...names, ...(joins ? [JOIN] : [])].map((name): [string, Node] => [
    name,
    nodeOf(name, { goes: goes.get(name), deferred, writesX: roll(4) === 0 }),
  ]);
  return {
    channels: { ...counters([...names, JOIN]), log: 'append', n: 'add', x: 'last', items: 'last' },
    nodes: { ...Object.fromEntries(nodes), ...Object.fromEntries(fans.map(({ to }) => [to, worker(to)])) },
    edges: [...edges],
    choices,
    fans,
    maxSupersteps: MAX_SUPERSTEPS,
  };
}

/** By the count of its own node, which nobody else writes: on this both sides read the same. */
function chosen(from: string, rounds: number, [first, then]: [string, string]): string {
  return `state.count_${from} <= ${rounds} ? '${first}' : '${then}'`;
}

function counters(names: readonly string[]): Record<string, Channel> {
  return Object.fromEntries(names.map((name) => [`count_${name}`, 'add']));
}

type Dice = { names: readonly string[]; roll: (sides: number) => number };

/** Each from a node of its own. */
function fansOf(workers: readonly string[], { names, roll }: Dice): Fan[] {
  const first = roll(names.length);
  return workers.map((to, n) => ({ from: names[(first + n) % names.length] ?? 'a', items: 'items', to }));
}

type Traits = { goes: string[] | undefined; deferred: ReadonlySet<string>; writesX: boolean };

/** Tells in the log what it has seen. */
function nodeOf(name: string, { goes, deferred, writesX }: Traits): Node {
  return work(
    (state) => ({
      update: {
        log: [{ [name]: [state['n'] ?? null, state['x'] ?? null] }],
        n: 1,
        [`count_${name}`]: 1,
        ...(writesX && { x: name }),
      },
      ...(goes && state[`count_${name}`] === 0 && { goto: goes }),
    }),
    { ...(goes && { goes }), ...(deferred.has(name) && { defer: true }) },
  );
}

function worker(name: string): Node {
  return work((item) => ({ update: { log: [{ [name]: item['n'] ?? null }], n: 10 } }));
}
