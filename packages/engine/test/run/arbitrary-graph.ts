/** Random valid workflows of all node types, with loops, and random stories of their runs. */
import * as fc from 'fast-check';
import { validateDocument } from '../../src/domain/index.ts';
import { env } from '../validate/documents.ts';

/** What happens next: `pick` chooses among what is possible at that moment. */
export type Action = { what: What; pick: number; value: number };
export type What =
  | 'succeed'
  | 'update'
  | 'jump'
  | 'fail'
  | 'failRetryable'
  | 'crash'
  | 'handback'
  | 'again'
  | 'late'
  | 'timer'
  | 'early';

/** A message that comes before the events of its batch. */
export type Letter = { what: Mailing; pick: number; value: number };
export type Mailing =
  | 'answer'
  | 'answers'
  | 'pass'
  | 'unknown'
  | 'signal'
  | 'inject'
  | 'child'
  | 'reopen'
  | 'cancel'
  | 'retry'
  | 'redo'
  | 'discard';

export type Batch = { letters: Letter[]; actions: Action[] };

export const input = {
  yes: true,
  no: false,
  text: 'now',
  route: 'a',
  other: 'zzz',
  none: [],
  one: [1],
  few: [1, 2, 3],
  rows: [[1, 2], [3], []],
  many: Array.from({ length: 230 }, (_, index) => index),
};

const JOINS = ['all', 'any', 'allDone'];
const STATE = {
  total: { type: 'number', reducer: 'add', default: 0 },
  log: { type: 'array', reducer: 'append' },
  last: { type: 'any' },
  seen: { type: 'object', reducer: 'merge' },
  scratch: { type: 'number', reducer: 'add', ephemeral: true },
};
const READS = ['${state.total}', '${state.log}', '${state.last}', '{{ state.__meta.step }}', '{{ state.seen | json }}'];
const CONDITIONS = [
  'input.yes',
  'input.no',
  'input.missing',
  'state.total >= 2.0',
  'state.last == null',
  'has(nodes.n1)',
];
const WAYS = [
  'state.way',
  'state.way',
  'state.way',
  'input.route',
  'input.other',
  'nodes.n0',
  'state.total < 3.0 ? "back" : "a"',
];
const SIGNALS = ['go', 'stop'];

const draw = fc.record({
  type: fc.nat(19),
  join: fc.nat(5),
  failure: fc.nat(9),
  when: fc.nat(17),
  read: fc.nat(9),
  edges: fc.array(fc.nat(99), { maxLength: 3 }),
  limits: fc.nat(11),
  back: fc.nat(99),
  breaks: fc.nat(19),
  items: fc.nat(29),
  inner: fc.nat(7),
});
type Draw = typeof draw extends fc.Arbitrary<infer T> ? T : never;

const whole = fc.record({
  output: fc.nat(5),
  maxSteps: fc.nat(5),
  starts: fc.nat(5),
  way: fc.constantFrom('a', 'b', 'back'),
});

/** Forward edges lead from earlier nodes to later ones; routes, and gotos on failure, may lead back. */
export const arbitraryGraph = fc
  .tuple(fc.array(draw, { minLength: 1, maxLength: 8, size: 'max' }), whole)
  .map(([draws, { output, maxSteps, starts, way }]) => {
    const nodes = Object.fromEntries(draws.flatMap((node, index) => nodesOf(node, index, draws.length)));
    const names = Object.keys(nodes);
    const roots = names.filter((name) => name.startsWith('n') && (nodes[name]?.needs ?? []).length === 0);
    return {
      name: 'random',
      state: { ...STATE, way: { type: 'any', default: way } },
      maxSteps: maxSteps + 1,
      nodes,
      interruptBefore: names.filter((_, index) => draws[index % draws.length]?.breaks === 0),
      interruptAfter: names.filter((_, index) => draws[index % draws.length]?.breaks === 1),
      ...(starts === 0 && { edges: roots.map((name) => ['__start__', name]) }),
      ...(output === 1 && { output: { total: '${state.total}', first: '${n0}', last: '${state.last}' } }),
      ...(output === 2 && { output: '{{ input.text | date: "%Y" }}' }),
    };
  })
  .filter((document) => validateDocument(document, env).issues.length === 0);

const someActions = fc.array(
  fc.record({
    what: fc.constantFrom<What>(
      'succeed',
      'succeed',
      'succeed',
      'update',
      'update',
      'jump',
      'fail',
      'failRetryable',
      'crash',
      'handback',
      'again',
      'late',
      'timer',
      'timer',
      'early',
    ),
    pick: fc.nat(99),
    value: fc.nat(11),
  }),
  { maxLength: 4, size: 'max' },
);

const someLetters = fc.array(
  fc.record({
    what: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom<Mailing>('answer', 'answers', 'signal', 'inject', 'child', 'child') },
      { weight: 2, arbitrary: fc.constantFrom<Mailing>('retry', 'unknown', 'pass') },
      { weight: 5, arbitrary: fc.constantFrom<Mailing>('redo', 'redo', 'redo', 'discard', 'reopen') },
      { weight: 1, arbitrary: fc.constantFrom<Mailing>('cancel', 'retry', 'retry', 'retry') },
    ),
    pick: fc.nat(99),
    value: fc.nat(11),
  }),
  { maxLength: 2, size: 'max' },
);

export const arbitraryBatches: fc.Arbitrary<Batch[]> = fc.array(
  fc.record({ letters: someLetters, actions: someActions }),
  { maxLength: 25, size: 'max' },
);

type Node = { needs?: string[] } & Record<string, unknown>;

/** The node, and what it sends its items to. */
function nodesOf(drawn: Draw, index: number, count: number): [string, Node][] {
  const name = `n${index}`;
  const node = { ...typeOf(drawn, index, count), ...commonOf(drawn, index, count) };
  if (node['type'] !== 'send') return [[name, node]];
  return [[name, node], ...targetsOf(drawn, index)];
}

function commonOf(drawn: Draw, index: number, count: number): Node {
  const { join, when, limits, back } = drawn;
  return {
    needs: sourcesOf(drawn, index),
    join: JOINS[join] ?? 'all',
    ...(CONDITIONS[when] !== undefined && { when: CONDITIONS[when] }),
    onFailure: failureMode(drawn, index, count),
    retry: { maxAttempts: 1 + (limits % 3), ...(limits === 5 && { onCrash: 'fail' }) },
    ...(limits === 7 && { output: 'last' }),
    ...(limits === 8 && { outputMapping: { last: 'v', total: 'n' } }),
    ...(limits === 9 && { output: 'total' }),
    ...(limits === 10 && back % 3 === 0 && { maxIterations: 2 }),
    ...(limits === 11 && { defer: true }),
  };
}

function sourcesOf({ edges }: Draw, index: number): string[] {
  return Array.from(new Set(index === 0 ? [] : edges.map((edge) => `n${edge % index}`)));
}

function failureMode({ failure, edges, back }: Draw, index: number, count: number): unknown {
  if (failure < 2) return 'failRun';
  if (failure < 5) return 'skipDependents';
  if (failure < 7) return 'continue';
  if (failure === 7 && index > 0) return { goto: `n${back % index}` };
  return index === count - 1 ? 'continue' : { goto: later(edges[0] ?? 0, index, count) };
}

function typeOf(drawn: Draw, index: number, count: number): Node {
  const { type, read, limits } = drawn;
  if (type < 2) return { type: 'transform', updates: updatesOf(drawn) };
  if (type < 6 && index > 0) return { type: 'route', ...routesOf(drawn, index, count) };
  if (type === 6) return interruptOf(drawn);
  if (type === 7) return waitOf(drawn);
  if (type === 8) return childOf(drawn);
  if (type < 12) return { type: 'send', target: `t${index}`, ...sendOf(drawn) };
  return {
    type: 'task',
    uses: 'echo',
    with: { read: READS[read] ?? 'none', from: `\${n${drawn.back % count}}` },
    ...(limits === 6 && { queueTimeoutMs: 5000 }),
  };
}

function updatesOf({ read, limits }: Draw): object {
  const updates = { total: 1, log: 'x', last: READS[read] ?? { cel: 'input.missing' }, scratch: 2 };
  return limits === 0 ? { ...updates, seen: { __overwrite: true, value: {} } } : updates;
}

function routesOf({ edges, limits, back, read }: Draw, index: number, count: number): object {
  const [first = 0, second = 1] = edges;
  const isLast = index === count - 1;
  return {
    on: WAYS[read] ?? 'state.way',
    routes: {
      a: isLast ? '__end__' : later(first, index, count),
      b: isLast ? '__end__' : later(second, index, count),
      c: '__end__',
      ...(back % 4 !== 0 && { back: `n${Math.floor(back / 4) % (index + 1)}` }),
    },
    ...(limits < 3 && { default: isLast ? '__end__' : later(second, index, count) }),
  };
}

function interruptOf({ limits, read }: Draw): Node {
  const expires = limits % 2 === 0 && { expiresMs: 1000, ...(limits % 4 === 0 && { default: 'a' }) };
  return { type: 'interrupt', message: READS[read] ?? 'Well?', ...expires };
}

function waitOf({ limits, back }: Draw): Node {
  if (limits % 3 === 0) return { type: 'wait', ms: back };
  if (limits % 3 === 1) return { type: 'wait', signal: SIGNALS[back % 2], ...(back % 3 === 0 && { timeoutMs: 1000 }) };
  return { type: 'wait', until: back % 2 === 0 ? '${input.text}' : '2001-01-01' };
}

function childOf({ back }: Draw): Node {
  return { type: 'subgraph', workflow: 'child', ...(back % 4 === 0 && { onParentClose: 'abandon' }) };
}

/** Long lists are sent in a few rounds, so that a story of them is not too long. */
function sendOf({ items, back, limits }: Draw): Node {
  const list = ['none', 'one', 'rows', 'text', 'many'][items] ?? (items % 3 === 0 ? 'rows' : 'few');
  return {
    items: items === 5 ? '${n0}' : `\${input.${list}}`,
    onItemFailure: back % 2 === 0 ? 'continue' : 'fail',
    ...(items === 4 ? { concurrency: 60 + back * 2 } : limits % 2 === 0 && { concurrency: 1 + (back % 3) }),
  };
}

/** Sends of sends are two levels deep. */
function targetsOf(drawn: Draw, index: number): [string, Node][] {
  const { items, inner, back } = drawn;
  const isNested = items !== 4 && items % 2 === 0;
  const isOfRows = items === 2 || (items > 4 && items % 3 === 0);
  const last = isNested ? `u${index}` : `t${index}`;
  const between: [string, Node] = [
    `t${index}`,
    {
      type: 'send',
      target: last,
      items: isOfRows ? '${item}' : '${input.few}',
      onItemFailure: back % 3 === 0 ? 'continue' : 'fail',
      ...(back % 5 < 2 && { concurrency: 1 + (back % 5) }),
    },
  ];
  return [...(isNested ? [between] : []), [last, { ...itemNode(drawn, inner), ...itemCommon(drawn) }]];
}

function itemNode(drawn: Draw, inner: number): Node {
  if (inner === 0) return { type: 'transform', updates: { total: 1, log: '${item}' } };
  if (inner === 1) return interruptOf(drawn);
  if (inner === 2) return waitOf(drawn);
  if (inner === 3) return childOf(drawn);
  return { type: 'task', uses: 'echo', with: { item: '${item}', total: '${state.total}' } };
}

function itemCommon({ limits, failure, when }: Draw): Node {
  return {
    ...(when % 4 === 0 && { when: 'item != 2' }),
    onFailure: ['failRun', 'skipDependents', 'continue'][failure % 3],
    retry: { maxAttempts: 1 + (limits % 2) },
    ...(limits === 3 && { output: 'last' }),
  };
}

function later(choice: number, index: number, count: number): string {
  return `n${index + 1 + (choice % (count - index - 1))}`;
}
