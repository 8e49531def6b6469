import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { validateDocument } from '../../src/domain/index.ts';
import { env } from '../validate/documents.ts';
import { ready } from './graph-story.ts';
import { type History, type ModelNode, nameOf, ReferenceModel } from './reference-model.ts';
import { Scenario } from './scenario.ts';

const draw = fc.record({
  type: fc.nat(9),
  join: fc.constantFrom('all' as const, 'any' as const, 'allDone' as const),
  edges: fc.array(fc.nat(99), { maxLength: 3, size: 'max' }),
  when: fc.nat(7),
  failure: fc.nat(7),
  far: fc.nat(99),
  near: fc.nat(99),
  back: fc.nat(99),
});
type Draw = typeof draw extends fc.Arbitrary<infer T> ? T : never;

const documents = fc
  .tuple(fc.array(draw, { minLength: 2, maxLength: 8, size: 'max' }), fc.integer({ min: 1, max: 4 }))
  .map(([draws, maxSteps]) => ({
    name: 'random',
    maxSteps,
    state: { way: { type: 'any', default: 'a' } },
    nodes: Object.fromEntries(draws.flatMap((drawn, index) => nodesOf(drawn, index, draws.length))),
  }))
  .filter((document) => validateDocument(document, env).issues.length === 0);

const stories = fc.array(
  fc.record({ pick: fc.nat(99), fails: fc.nat(3), way: fc.constantFrom('a', 'b', 'back', 'back', 'c', 'other') }),
  { maxLength: 40, size: 'max' },
);

function nodesOf(drawn: Draw, index: number, count: number): [string, object][] {
  const { type, join, edges, when, failure, far, near, back } = drawn;
  const later = (choice: number): string =>
    index === count - 1 ? '__end__' : `n${index + 1 + (choice % (count - index - 1))}`;
  const goto = failure === 6 && index > 0 ? `n${far % index}` : later(far);
  const common = {
    needs: index === 0 ? [] : Array.from(new Set(edges.map((edge) => `n${edge % index}`))),
    join,
    ...(when < 2 && { when: when === 0 ? 'input.no' : 'input.yes' }),
    onFailure:
      ['failRun', 'skipDependents', 'skipDependents', 'continue', 'continue', 'skipDependents'][failure] ??
      (goto === '__end__' ? 'continue' : { goto }),
  };
  if (type < 3 && index > 0) {
    const routes = {
      a: later(far),
      b: later(near),
      c: '__end__',
      ...(back > 30 && { back: `n${back % (index + 1)}` }),
    };
    return [[`n${index}`, { type: 'route', on: 'state.way', routes, ...common }]];
  }
  if (type > 3) return [[`n${index}`, { type: 'task', uses: 'echo', ...common }]];
  const send = {
    target: `t${index}`,
    items: [1, 2, 3].slice(0, far % 4),
    onItemFailure: near % 2 ? 'fail' : 'continue',
  };
  const target = { type: 'task', uses: 'echo' };
  return [
    [`n${index}`, { type: 'send', ...send, ...common }],
    [`t${index}`, target],
  ];
}

describe('the engine', () => {
  test('B1, B2, B3, B4, B7, B8: agrees with a model that reads the whole history anew after each event', () => {
    fc.assert(
      fc.property(documents, stories, (document, story) => {
        const run = new Scenario(document, { input: { yes: true, no: false } });
        const nodes = document.nodes as Record<string, ModelNode>;
        const model = new ReferenceModel({ nodes, maxSteps: document.maxSteps }, Array.from(run.graph.backs, nameOf));
        const history: History = [];
        for (const { pick, fails, way } of story) {
          model.replay(history);
          expect({ status: run.status, tasks: tasksOf(run) }).toEqual({
            status: model.status,
            tasks: Object.fromEntries(model.statuses),
          });
          const live = ready(run);
          const key = live[pick % Math.max(1, live.length)]?.key;
          if (key === undefined) break;
          history.push({ key, failed: fails === 0, way });
          run.run(fails === 0 ? run.failure(key) : run.success(key, null, { stateUpdates: { way } }));
        }
      }),
      { numRuns: 200 },
    );
  });
});

function tasksOf({ rows }: Scenario): Record<string, string> {
  return Object.fromEntries(rows.newestTasks().map(({ key, status }) => [key, status]));
}
