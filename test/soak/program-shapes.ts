/** The kinds of programs, each with how often it comes. Every task counts one, unless it says otherwise. */
import type { Json, JsonObject } from '@weft/contract';
import type { SeededRandom } from '@weft/testkit';

import { between } from './random.ts';
import type { Deed, Shape } from './shape.ts';

type Maker = { weight: number; make: (random: SeededRandom) => Shape };

/** Saved before the flood begins; new versions of it come while it goes on. */
export const CHILD = 'soak-child';

export const MAKERS: Readonly<Record<string, Maker>> = {
  graph: { weight: 24, make: graph },
  superstep: { weight: 8, make: (random) => withMode(graph(random)) },
  send: { weight: 10, make: send },
  loop: { weight: 7, make: loop },
  child: { weight: 8, make: child },
  question: { weight: 6, make: question },
  breakpoint: { weight: 4, make: breakpoint },
  wait: { weight: 7, make: wait },
  signal: { weight: 6, make: signal },
  retries: { weight: 7, make: retries },
  failing: { weight: 4, make: failing },
  cancel: { weight: 6, make: cancel },
  replay: { weight: 6, make: (random) => withDeed(graph(random), 'replay', random) },
  fork: { weight: 6, make: (random) => withDeed(graph(random), 'fork', random) },
  rerun: { weight: 3, make: (random) => ({ ...graph(random), deeds: [{ kind: 'rerun' }] }) },
  poison: { weight: 1, make: poison },
};

const STATE = {
  total: { type: 'number', reducer: 'add', default: 0 },
  calls: { type: 'array', reducer: 'append', default: [] },
};
const OUTPUT = { total: '${state.total}', calls: '${state.calls}' };

export function documentOf(name: string, nodes: JsonObject, more: JsonObject = {}): JsonObject {
  return { name, state: STATE, nodes, output: OUTPUT, ...more };
}

/** Most tasks are quick, some take long enough to be killed in the middle. */
function millis(random: SeededRandom): number {
  if (random.chance(0.6)) return 0;
  return random.chance(0.85) ? between(random, 5, 80) : between(random, 300, 2500);
}

function counting(random: SeededRandom, needs: readonly string[] = [], more: JsonObject = {}): JsonObject {
  const after = needs.map((name) => `\${${name}.call}`);
  return {
    type: 'task',
    uses: 'handler:count',
    with: { ms: millis(random), after, ...(random.chance(0.03) && { bytes: between(random, 1000, 120_000) }), ...more },
    ...(needs.length > 0 && { needs: [...needs] }),
  };
}

/** A graph without circles: chains, fans and what lies between. */
function graph(random: SeededRandom): Shape {
  const size = between(random, 1, 9);
  const nodes: JsonObject = {};
  for (let n = 0; n < size; n++) {
    const needs = Array.from({ length: n }, (_, before) => `n${before}`).filter(() =>
      random.chance(1.6 / Math.max(n, 1)),
    );
    nodes[`n${n}`] = counting(random, needs.slice(0, 4));
  }
  return { workflow: documentOf('soak-graph', nodes), expect: { ends: ['succeeded'], total: size } };
}

/** A barrier of several names in `needs` runs once, so the same graph counts the same in both modes. */
function withMode(shape: Shape): Shape {
  return { ...shape, workflow: { ...(shape.workflow as JsonObject), name: 'soak-superstep', mode: 'superstep' } };
}

function withDeed(shape: Shape, kind: 'replay' | 'fork', random: SeededRandom): Shape {
  return { ...shape, deeds: [{ kind, from: random.below(1000) / 1000 }] };
}

function send(random: SeededRandom): Shape {
  const size = random.chance(0.1) ? between(random, 60, 300) : between(random, 0, 25);
  const share = random.chance(0.3) ? 0.2 : 0;
  const items: Json[] = Array.from({ length: size }, (_, n) => ({ n, ...(random.chance(share) && { fails: true }) }));
  const good = items.filter((item) => !(item as JsonObject)['fails']).length;
  const nodes: JsonObject = {
    each: {
      type: 'send',
      items: '${input.items}',
      target: 'one',
      concurrency: between(random, 1, 20),
      onItemFailure: 'continue',
    },
    one: { ...counting(random), with: { ms: random.chance(0.3) ? between(random, 1, 40) : 0, item: '${item}' } },
    last: { type: 'task', uses: 'handler:count', with: { ms: 0 }, needs: ['each'] },
  };
  return {
    workflow: documentOf('soak-send', nodes),
    input: { items },
    expect: { ends: ['succeeded'], total: good + 1 },
  };
}

function loop(random: SeededRandom): Shape {
  const rounds = between(random, 2, 12);
  const nodes: JsonObject = {
    work: { ...counting(random), maxIterations: rounds + 1 },
    more: {
      type: 'route',
      on: 'state.total < input.rounds',
      routes: { true: 'work', false: 'last' },
      needs: ['work'],
    },
    last: { type: 'task', uses: 'handler:count', with: { ms: 0 } },
  };
  return {
    workflow: documentOf('soak-loop', nodes),
    input: { rounds },
    expect: { ends: ['succeeded'], total: rounds + 1 },
  };
}

function child(random: SeededRandom): Shape {
  const children = between(random, 1, 4);
  const nodes: JsonObject = { first: counting(random) };
  for (let n = 0; n < children; n++) {
    nodes[`part${n}`] = {
      type: 'subgraph',
      workflow: CHILD,
      input: { ms: millis(random) },
      outputMapping: { total: 'total' },
      needs: ['first'],
    };
  }
  return { workflow: documentOf('soak-parent', nodes), expect: { ends: ['succeeded'], total: 1 + 2 * children } };
}

/** Two tasks, of which no version has more or fewer. */
export function childDocument(revision: number): JsonObject {
  const nodes: JsonObject = {
    a: { type: 'task', uses: 'handler:count', with: { ms: '${input.ms}' } },
    b: { type: 'task', uses: 'handler:count', with: { ms: 0, after: ['${a.call}'] }, needs: ['a'] },
  };
  return documentOf(CHILD, nodes, { description: `revision ${revision}` });
}

function question(random: SeededRandom): Shape {
  const nodes: JsonObject = {
    before: counting(random),
    ask: { type: 'interrupt', message: 'Go on?', needs: ['before'] },
    after: { ...counting(random), needs: ['ask'] },
    beside: counting(random),
  };
  const amount = random.chance(0.5) ? between(random, 1, 9) : 0;
  const deed: Deed = amount > 0 ? { kind: 'inject', amount } : { kind: 'answer' };
  return {
    workflow: documentOf('soak-question', nodes),
    deeds: [deed],
    expect: { ends: ['succeeded'], total: 3 + amount },
  };
}

function breakpoint(random: SeededRandom): Shape {
  const nodes: JsonObject = { a: counting(random), b: counting(random, ['a']), c: counting(random, ['b']) };
  const stops = random.pick([{ interruptBefore: ['b'] }, { interruptAfter: ['b'] }]);
  return {
    workflow: documentOf('soak-breakpoint', nodes, stops),
    deeds: [{ kind: 'answer' }],
    expect: { ends: ['succeeded'], total: 3 },
  };
}

function wait(random: SeededRandom): Shape {
  const nodes: JsonObject = {
    a: counting(random),
    pause: { type: 'wait', ms: between(random, 20, random.chance(0.2) ? 8000 : 1500), needs: ['a'] },
    b: { ...counting(random), needs: ['pause'] },
  };
  return { workflow: documentOf('soak-wait', nodes), expect: { ends: ['succeeded'], total: 2 } };
}

function signal(random: SeededRandom): Shape {
  const nodes: JsonObject = {
    a: counting(random),
    paid: { type: 'wait', signal: 'paid', needs: ['a'] },
    b: { ...counting(random), needs: ['paid'] },
  };
  const deed: Deed = { kind: 'signal', name: 'paid', afterMs: random.below(1500) };
  return { workflow: documentOf('soak-signal', nodes), deeds: [deed], expect: { ends: ['succeeded'], total: 2 } };
}

function retries(random: SeededRandom): Shape {
  const fails = between(random, 1, 3);
  const flaky = counting(random, ['a'], { fails });
  const nodes: JsonObject = {
    a: counting(random),
    b: { ...flaky, retry: { maxAttempts: fails + 1, initialMs: between(random, 10, 600), factor: 1 } },
    c: counting(random, ['b']),
  };
  return { workflow: documentOf('soak-retries', nodes), expect: { ends: ['succeeded'], total: 3 } };
}

function failing(random: SeededRandom): Shape {
  const bad = counting(random, ['a'], { fails: null });
  const nodes: JsonObject = {
    a: counting(random),
    b: { ...bad, retry: { maxAttempts: between(random, 1, 3), initialMs: 20, factor: 1 } },
    c: counting(random, ['b']),
  };
  return {
    workflow: documentOf('soak-failing', nodes),
    deeds: random.chance(0.4) ? [{ kind: 'retry' }] : [],
    expect: { ends: ['failed'], code: 'planned' },
  };
}

function cancel(random: SeededRandom): Shape {
  const shape = graph(random);
  return {
    ...shape,
    deeds: [{ kind: 'cancel', afterMs: random.below(1200) }],
    expect: { ...shape.expect, ends: ['cancelled', 'succeeded'] },
  };
}

function poison(random: SeededRandom): Shape {
  const nodes: JsonObject = {
    a: counting(random),
    b: { type: 'task', uses: 'handler:poison', needs: ['a'], retry: { maxAttempts: 5 } },
  };
  return { workflow: documentOf('soak-poison', nodes), expect: { ends: ['failed'], code: 'poison' } };
}
