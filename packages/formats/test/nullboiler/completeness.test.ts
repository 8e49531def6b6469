import type { Json, JsonObject } from '@weft/contract';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importDocument } from '../../src/index.ts';

const name = fc.constantFrom('a', 'b', 'c', 'a.b', 'odd name', '__start__', '__end__', 'constructor', '');
const path = fc.constantFrom('state.x', 'y.z[-1]', 'state.__meta.step', 'a[x]', 'state.__config.m', '');
const template = fc.constantFrom(
  'plain',
  '{{state.x}}',
  '{% if state.x %}1{% endif %}',
  '{{store.a.b}}',
  '{% if x',
  '${x}',
);
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const object = (values: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonObject> =>
  fc.record(values, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;
const mostly = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary, weight: 9 }, { arbitrary: json, weight: 1 });

/** Values that say something, so that leaving one out changes what is imported or told. */
const FIELDS = {
  type: fc.constantFrom('agent', 'route', 'interrupt', 'send', 'transform', 'subgraph', 'saga'),
  prompt_template: template,
  worker_tags: fc.array(fc.constantFrom('x', 'y'), { minLength: 1, maxLength: 2 }),
  output_key: fc.constantFrom('k', 'x', '__own', 'a.b'),
  output_mapping: fc.dictionary(fc.constantFrom('k', 'x'), path, { minKeys: 1 }),
  retry: object({
    max_attempts: fc.integer({ min: 2, max: 200 }),
    backoff_factor: fc.constant(3),
    jitter: fc.constant(true),
  }).filter((value) => Object.keys(value).length > 0),
  cache: fc.record({ ttl_ms: fc.integer({ min: -5, max: 100 }) }),
  defer: fc.constant(true),
  max_turns: fc.integer({ min: 2, max: 200 }),
  continuation_prompt: template,
  turn_timeout_ms: fc.integer({ min: 1, max: 100 }),
  input: path,
  routes: fc.dictionary(fc.constantFrom('v', 'w'), name, { minKeys: 1 }),
  default: fc.constantFrom('v', 'w', 'u'),
  message: template,
  items_key: path,
  items_from: path,
  target_node: name,
  updates: fc.dictionary(fc.constantFrom('x', '__own'), json, { minKeys: 1 }),
  store_updates: json,
  workflow_id: fc.constantFrom('child', 'a/b'),
  input_mapping: fc.dictionary(fc.constantFrom('i', 'j'), path, { minKeys: 1 }),
  tools: json,
};
const node = object(Object.fromEntries(Object.entries(FIELDS).map(([key, value]) => [key, mostly(value)])));
const edge = fc.tuple(fc.oneof(name, fc.constantFrom('a:v', 'a:w', 'b:v', '__start__')), name);
const step = object({
  ...Object.fromEntries(Object.entries(FIELDS).map(([key, value]) => [key, mostly(value)])),
  id: name,
  depends_on: fc.array(name, { minLength: 1, maxLength: 2 }),
  timeout_ms: fc.integer({ min: -1, max: 100 }),
  strategy: fc.constantFrom('chain', 'parallel', 'zz'),
  reduce: object({ id: name, prompt_template: template }),
  steps: fc.array(fc.record({ id: name, prompt_template: template }), { minLength: 1, maxLength: 3 }),
});
const document = object({
  id: fc.constantFrom('wf', 'a/b'),
  name: fc.constant('Title'),
  version: fc.nat(),
  nodes: mostly(fc.dictionary(name, mostly(node), { maxKeys: 4 })),
  edges: mostly(fc.array(mostly(edge), { maxLength: 8 })),
  state_schema: mostly(
    fc.dictionary(name, object({ type: fc.constantFrom('string', 'date'), reducer: fc.constantFrom('append', 'zip') })),
  ),
  interrupt_before: mostly(fc.array(name)),
  defaults: json,
  task_id: json,
  strategy: fc.constantFrom('chain', 'independent', 'zz'),
  steps: mostly(fc.array(mostly(step), { maxLength: 4 })),
  reduce: mostly(step),
  other: json,
});

/** Fields as they are meant, so that most nodes are imported. */
const sound = object({
  ...FIELDS,
  type: fc.constantFrom('agent', 'route', 'interrupt', 'send', 'transform', 'subgraph'),
  prompt_template: fc.constantFrom('plain', '{{state.x}}', '{{store.a.b}}'),
  continuation_prompt: fc.constant('go on'),
  routes: fc.constantFrom<JsonObject[]>({ v: 'a' }, { v: 'a', w: 'b' }),
  default: fc.constant('v'),
  target_node: fc.constant('a'),
  items_from: fc.constant('state.other'),
  updates: fc.constantFrom<JsonObject[]>({ x: 1 }, { x: '${y}', __own: 1 }),
  store_updates: fc.constant([]),
  tools: fc.constant(1),
});

/** What an import comes to, and all the places that it tells of; undefined if it is refused. */
function outcome(value: JsonObject): { text: string; told: string[] } | undefined {
  const result = importDocument('nullboiler', value, 1000);
  return result.ok
    ? { text: JSON.stringify(result.document), told: result.report.map(({ pointer }) => pointer) }
    : undefined;
}

/** Every key must be told of, or make a difference by being there. */
function expectNothingDropped(fields: JsonObject, wrap: (fields: JsonObject) => JsonObject, at: string): void {
  const whole = outcome(wrap(fields));
  fc.pre(whole !== undefined);
  for (const key of Object.keys(fields)) {
    const isTold = whole.told.some((pointer) => pointer.startsWith(`${at}/${key}`) || (at !== '' && pointer === at));
    // A task and an agent without a prompt are the same, and what a route declares its edges say, too.
    if (isTold || key === 'type' || key === 'routes') continue;
    const { [key]: _, ...rest } = fields;
    expect(outcome(wrap(rest))?.text, `${at}/${key}`).not.toBe(whole.text);
  }
}

describe('any document', { timeout: 60_000 }, () => {
  test('is imported or refused, and never throws', () => {
    const any = fc.oneof({ arbitrary: document, weight: 9 }, { arbitrary: json, weight: 1 });
    fc.assert(
      fc.property(any, (value) => {
        const result = importDocument('nullboiler', value, 1000);
        for (const { pointer } of result.report) expect(pointer).toMatch(/^$|^\//);
      }),
      { numRuns: 500 },
    );
  });

  test('has no field of a node that is neither mapped nor told', () => {
    const wrap = (inner: JsonObject): JsonObject => ({
      id: 'wf',
      nodes: { n: inner, a: { prompt_template: 'a' }, b: { prompt_template: 'b' } },
      edges: [
        ['__start__', 'n'],
        ['__start__', 'b'],
        ...(inner['type'] === 'route'
          ? [
              ['n:v', 'a'],
              ['n:w', 'b'],
            ]
          : [['n', 'a']]),
        ['b', '__end__'],
      ],
    });
    fc.assert(
      fc.property(sound, (fields) => expectNothingDropped(fields, wrap, '/nodes/n')),
      { numRuns: 500 },
    );
  });

  test('has no field of a step that is neither mapped nor told', () => {
    const fields = object({
      prompt_template: fc.constant('x'),
      depends_on: fc.constant(['a']),
      timeout_ms: fc.integer({ min: 1, max: 5 }),
      worker_tags: FIELDS.worker_tags,
      retry: fc.constant({ max_attempts: 2, jitter: 1 }),
      cache: fc.constant({ ttl_ms: 1 }),
      output_key: FIELDS.output_key,
      strategy: fc.constant('chain'),
      reduce: fc.constant({}),
      tools: fc.constant(1),
    });
    const wrap = (inner: JsonObject): JsonObject => ({ id: 'wf', steps: [{ id: 'a' }, { id: 's', ...inner }] });
    fc.assert(
      fc.property(fields, (value) => expectNothingDropped(value, wrap, '/steps/1')),
      { numRuns: 300 },
    );
  });

  test('has no field at its top that is neither mapped nor told', () => {
    const one = fc.constant(1);
    const more = object({
      name: fc.constant('Title'),
      version: fc.nat(),
      state_schema: fc.constant({ s: { type: 'string' } }),
      schema: fc.constant({ t: { type: 'string' } }),
      interrupt_before: fc.constantFrom(['n'], ['zz']),
      interrupt_after: fc.constantFrom(['n'], ['zz']),
      ...Object.fromEntries(
        ['defaults', 'task_id', 'input', 'callbacks', 'steps', 'strategy', 'reduce', 'other', 'definition'].map(
          (key) => [key, one],
        ),
      ),
    });
    const wrap = (inner: JsonObject): JsonObject => ({
      id: 'wf',
      nodes: { n: { prompt_template: 'x' } },
      edges: [
        ['__start__', 'n'],
        ['n', '__end__'],
      ],
      ...inner,
    });
    fc.assert(
      fc.property(more, (fields) => expectNothingDropped(fields, wrap, '')),
      { numRuns: 300 },
    );
  });
});
