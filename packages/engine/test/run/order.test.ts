import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { documentEdges } from '../../src/domain/index.ts';
import type { Edge } from '../../src/domain/index.ts';
import { isLive } from '@weft/testing/rows';
import { Scenario } from './scenario.ts';

/** What is drawn of a node: where its edges come from, how it joins, and how it is going to end. */
type Plan = {
  edges: number[];
  join: 'all' | 'any' | 'allDone';
  when: boolean;
  route: string;
  fails: boolean;
  failure: number;
};
type Node = { type: string; join: Plan['join']; when: string; onFailure: unknown };

const plans = fc.array(
  fc.record<Plan>({
    edges: fc.array(fc.nat(99), { maxLength: 3, size: 'max' }),
    join: fc.constantFrom<Plan['join']>('all', 'any', 'allDone'),
    when: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
    route: fc.constantFrom('none', 'none', 'near', 'far', 'end', 'other'),
    fails: fc.boolean(),
    failure: fc.nat(2),
  }),
  { minLength: 2, maxLength: 9, size: 'max' },
);

const order = fc.array(fc.nat(99), { minLength: 20, maxLength: 20 });

/** Nodes fail as planned; no failure ends the run. A route chooses by the plan of its name. */
function documentOf(drawn: Plan[]): { name: string; nodes: Record<string, Node> } {
  const last = drawn.length - 1;
  const nodes = drawn.map((plan, i) => {
    const needs = Array.from(new Set(i === 0 ? [] : plan.edges.map((edge) => `n${edge % i}`)));
    const goto = { goto: `n${Math.min(i + 1 + (plan.edges[0] ?? 0), last)}` };
    const onFailure = ['skipDependents', 'continue', i === last ? 'continue' : goto][plan.failure];
    const common = { needs, join: plan.join, when: String(plan.when), onFailure };
    if (plan.route === 'none' || i >= last - 1) return { type: 'task', uses: 'echo', ...common };
    const routes = { near: `n${i + 1}`, far: `n${last}`, end: '__end__' };
    return { type: 'route', on: `input.n${i}`, routes, ...common, onFailure: 'skipDependents' };
  });
  return { name: 'random', nodes: Object.fromEntries(nodes.map((node, i) => [`n${i}`, node])) };
}

/** What rules B1 to B4 say of each node, found without counting: by looking at how all its edges end. */
function expectedOf(drawn: Plan[], { nodes }: ReturnType<typeof documentOf>): Record<string, string> {
  const edges = documentEdges({ nodes: nodes as never });
  const ends = new Map<Edge, 'taken' | 'notTaken' | 'failed'>();
  const statuses: Record<string, string> = {};
  for (const [i, [name, node]] of Object.entries(nodes).entries()) {
    const inbound = edges.filter((edge) => edge.to === name);
    const count = (end: string) => inbound.filter((edge) => ends.get(edge) === end).length;
    const byGoto = inbound.some((edge) => edge.kind === 'goto' && ends.get(edge) === 'taken');
    const fires =
      inbound.length === 0 ||
      byGoto ||
      (node.join === 'all' && count('taken') > 0 && count('failed') === 0) ||
      (node.join === 'any' && count('taken') > 0) ||
      (node.join === 'allDone' && count('taken') + count('failed') > 0);
    const plan = drawn[i] as Plan;
    const runs = fires && plan.when;
    const fails = node.type === 'route' ? plan.route === 'other' : plan.fails;
    statuses[name] = !runs ? 'skipped' : fails ? 'failed' : 'succeeded';
    for (const edge of edges.filter(({ from }) => from === name)) {
      if (!runs) ends.set(edge, !fires && count('failed') > 0 ? 'failed' : 'notTaken');
      else if (fails) ends.set(edge, endAfterFailure(node.onFailure, edge));
      else ends.set(edge, edge.kind === 'plain' || edge.values?.includes(plan.route) ? 'taken' : 'notTaken');
    }
  }
  return statuses;
}

function endAfterFailure(onFailure: unknown, { kind }: Edge): 'taken' | 'notTaken' | 'failed' {
  if (onFailure === 'skipDependents') return 'failed';
  return (onFailure === 'continue') === (kind === 'plain') ? 'taken' : 'notTaken';
}

/** Settles what is ready, in the drawn order; what fails does so for good. */
function play(run: Scenario, fails: (node: string) => boolean, choices: number[]): void {
  for (const choice of choices) {
    const ready = run.rows.newestTasks().filter(({ status, lane }) => lane !== null && isLive(status));
    const task = ready[choice % Math.max(ready.length, 1)];
    if (!task) return;
    if (fails(task.node)) run.fail(task.node);
    else run.succeed(task.node);
  }
}

describe('the order of arrival', () => {
  test('B1, B2, B4: decides nothing about which nodes run, are skipped or fail', () => {
    fc.assert(
      fc.property(plans, order, fc.boolean(), (drawn, choices, blind) => {
        const document = documentOf(drawn);
        const input = Object.fromEntries(drawn.map((plan, i) => [`n${i}`, plan.route]));
        const run = new Scenario(document, { input, blind });
        play(run, (node) => drawn[Number(node.slice(1))]?.fails ?? false, choices);
        expect(run.hasEnded).toBe(true);
        const expected = expectedOf(drawn, document);
        expect(run.statuses).toEqual(expected);
        const blamed = Object.entries(expected).some(
          ([name, status]) => status === 'failed' && document.nodes[name]?.onFailure === 'skipDependents',
        );
        expect(run.status).toBe(blamed ? 'failed' : 'succeeded');
      }),
      { numRuns: 300 },
    );
  });

  test('B3: of a retry ends as if nothing had failed, where no route or condition has gone another way', () => {
    fc.assert(
      fc.property(plans, order, (drawn, choices) => {
        const plain = drawn.map((plan) => ({ ...plan, when: true, route: 'none', failure: 0 }));
        const { name, nodes } = documentOf(plain);
        const some = Object.entries(nodes).map(([key, node], i) => [
          key,
          i % 4 === 3 ? { ...node, onFailure: 'failRun' } : node,
        ]);
        const run = new Scenario({ name, nodes: Object.fromEntries(some) });
        play(run, (node) => drawn[Number(node.slice(1))]?.fails ?? false, choices);
        expect(run.hasEnded).toBe(true);
        run.mail('retry');
        play(run, () => false, choices);
        expect([run.status, new Set(Object.values(run.statuses))]).toEqual(['succeeded', new Set(['succeeded'])]);
        expect(run.rows.head).toMatchObject({ failed: 0, openJoins: 0, live: 0 });
      }),
      { numRuns: 300 },
    );
  });
});
