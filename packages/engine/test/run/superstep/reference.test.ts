import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownerOf, validateDocument } from '../../../src/domain/index.ts';
import type { RunEvent, TaskRecord } from '../../../src/domain/index.ts';
import { env } from '../../validate/documents.ts';
import { ready } from '../graph-story.ts';
import { Scenario } from '../scenario.ts';
import { type Give, type ModelNode, Pregel } from './pregel-model.ts';

const draw = fc.record({
  type: fc.nat(9),
  needs: fc.array(fc.nat(99), { maxLength: 3, size: 'max' }),
  far: fc.nat(99),
  near: fc.nat(99),
  defer: fc.nat(9),
});
type Draw = typeof draw extends fc.Arbitrary<infer T> ? T : never;

const documents = fc
  .tuple(
    fc.array(draw, { minLength: 2, maxLength: 8, size: 'max' }),
    fc.array(fc.tuple(fc.nat(99), fc.nat(99)), { maxLength: 8, size: 'max' }),
    fc.integer({ min: 1, max: 12 }),
  )
  .map(([draws, pairs, maxSteps]) => {
    const nodes = Object.fromEntries(draws.flatMap((drawn, index) => nodesOf(drawn, index, draws.length)));
    const pick = (choice: number): string => `n${choice % draws.length}`;
    const sources = Object.keys(nodes).filter((name) => nodes[name]?.type !== 'route');
    const edges = pairs.map(([from, to]): [string, string] => [sources[from % sources.length] ?? 'n0', pick(to)]);
    const starts = draws.flatMap((_, index): [string, string][] =>
      index % 3 === 0 ? [['__start__', `n${index}`]] : [],
    );
    const state = { log: { type: 'array', reducer: 'append', default: [] }, way: { type: 'string', default: 'a' } };
    return { name: 'random', mode: 'superstep', maxSteps, state, nodes, edges: [...starts, ...edges] };
  })
  .filter((document) => validateDocument(document, env).issues.length === 0);

function nodesOf({ type, needs, far, near, defer }: Draw, index: number, count: number): [string, ModelNode][] {
  const other = (choice: number): string => `n${choice % count}`;
  const name = `n${index}`;
  const common = { needs: Array.from(new Set(needs.map(other))), ...(defer === 0 && { defer: true }) };
  if (type < 3) {
    const routes = { a: other(far), b: other(near), c: '__end__' };
    const route = { type: 'route' as const, on: 'state.way', routes };
    return [[name, { ...route, needs: common.needs }]];
  }
  const task = { type: 'task' as const, uses: 'echo' };
  if (type > 3) return [[name, { ...task, ...common }]];
  const send = { type: 'send' as const, target: `t${index}`, items: [0, 1, 2].slice(0, far % 4), ...common };
  return [
    [name, send],
    [`t${index}`, task],
  ];
}

/** `ways` and `gotos` say for some tasks what they give beside a line of the log. */
const gifts = fc.record({
  ways: fc.array(fc.constantFrom('a', 'b', 'c', undefined, undefined, undefined), { minLength: 7, maxLength: 7 }),
  gotos: fc.array(fc.constantFrom(0, 3, 5, undefined, undefined, undefined, undefined), {
    minLength: 11,
    maxLength: 11,
  }),
});
type Gifts = typeof gifts extends fc.Arbitrary<infer T> ? T : never;

function giver({ ways, gotos }: Gifts, count: number): Give {
  return (node, superstep, item) => {
    const number = Number(node.slice(1)) * 3 + superstep * 5 + (item ?? 4);
    const [way, goto] = [ways[number % ways.length], gotos[number % gotos.length]];
    const log = item === null ? `${node}@${superstep}` : `${node}[${item}]@${superstep}`;
    return { log, ...(way && { way }), ...(goto !== undefined && { goto: [`n${goto % count}`, '__end__'] }) };
  };
}

describe('a run in superstep mode', () => {
  test('B9: comes to the path, the order of updates and the end of a model of Pregel, whatever comes first', () => {
    fc.assert(
      fc.property(documents, gifts, fc.array(fc.nat(), { minLength: 1, maxLength: 60 }), (document, given, picks) => {
        const nodes = document.nodes as Record<string, ModelNode>;
        const give = giver(given, Object.keys(nodes).filter((name) => name.startsWith('n')).length);
        const model = new Pregel({ ...document, nodes }, give);
        const run = new Scenario(document);
        let pick = 0;
        while (!run.hasEnded) {
          const tasks = ready(run);
          const number = picks[pick % picks.length] ?? 0;
          pick += 1;
          const some = tasks
            .toSorted((a, b) => (hash(a.key, number) < hash(b.key, number) ? -1 : 1))
            .slice(0, 1 + (number % 3));
          run.run(...some.map((task) => outcome(run, task, give)));
        }
        expect({ end: run.errorCode ?? run.status, path: pathOf(run), log: run.state('log') }).toEqual({
          end: model.end,
          path: model.path,
          log: model.log,
        });
      }),
      { numRuns: 500 },
    );
  });
});

function outcome(run: Scenario, task: TaskRecord, give: Give): RunEvent {
  const superstep = run.rows.head.generations;
  const { log, way, goto } = give(task.node, superstep, ownerOf(task.key)?.item ?? null);
  return run.success(task.key, null, { stateUpdates: { log, ...(way && { way }) }, ...(goto && { goto }) });
}

/** The nodes of each superstep that has run, without the routes on the way to it. */
function pathOf({ rows, graph, errorCode }: Scenario): string[][] {
  const sets = rows.steps.flatMap(({ facts: { superstep } }) => {
    const isRelease = superstep?.begun !== undefined && superstep.begun > 0;
    return isRelease
      ? [(superstep.nodes ?? []).filter((name) => graph.nodes.get(name)?.type !== 'route').toSorted()]
      : [];
  });
  return errorCode === 'max_steps' ? sets.slice(0, -1) : sets;
}

function hash(text: string, seed: number): number {
  let value = seed;
  for (const char of text) value = (value * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003;
  return value;
}
