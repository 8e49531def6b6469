import type { Json, JsonObject } from '@weft/contract';
import { NodeName } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { imported } from './imported.ts';

const step = (id: string, more: JsonObject = {}): JsonObject => ({ id, prompt_template: id, ...more });
const list = (steps: Json[], more: JsonObject = {}): JsonObject => ({ name: 'list', steps, ...more });

/** What each node needs, by its name. */
function needsOf(value: JsonObject): Record<string, unknown> {
  const nodes = (imported(value).document?.['nodes'] ?? {}) as Record<string, JsonObject>;
  return Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, node['needs'] ?? []]));
}

describe('a list of steps', () => {
  test('is a graph of what depends on what, with the outputs of steps in their prompts', () => {
    const { document, report, errors } = imported(
      list([
        step('plan', {
          type: 'task',
          worker_tags: ['planner'],
          prompt_template: 'Plan {{input.goal}}',
          timeout_ms: 300000,
        }),
        step('build', {
          depends_on: ['plan'],
          prompt_template: 'Do {{steps.plan.output}}{% if steps.plan.output %}!{% endif %}',
          retry: { max_attempts: 2 },
        }),
      ]),
    );

    expect(errors).toEqual([]);
    expect(report).toEqual([]);
    expect(document).toEqual({
      name: 'list',
      nodes: {
        plan: { type: 'task', tags: ['planner'], prompt: 'Plan {{ input.goal }}', timeoutMs: 300000 },
        build: {
          type: 'task',
          prompt:
            'Do {{ nodes.plan }}{% capture truth %}{{ nodes.plan }}{% endcapture %}{% if truth != "" and truth != "false" and truth != "null" %}!{% endif %}',
          retry: { maxAttempts: 2 },
          needs: ['plan'],
        },
      },
    });
  });

  test.each(['chain', 'sequential'])('under %s each step needs the one before', (strategy) => {
    expect(needsOf(list([step('a'), step('b'), step('c')], { strategy }))).toEqual({ a: [], b: ['a'], c: ['b'] });
  });

  test.each(['independent', 'parallel'])('under %s no step needs another', (strategy) => {
    expect(needsOf(list([step('a'), step('b')], { strategy }))).toEqual({ a: [], b: [] });
  });

  test('is reduced by a step that needs all of them', () => {
    const reduce = { id: 'sum', worker_tags: ['planner'], prompt_template: 'Sum {{steps.a.output}}' };
    const value = list([step('a'), step('b')], { strategy: 'parallel', reduce });

    expect(needsOf(value)).toEqual({ a: [], b: [], sum: ['a', 'b'] });
    expect(imported(value).document?.['nodes']).toMatchObject({
      sum: { type: 'task', tags: ['planner'], prompt: 'Sum {{ nodes.a }}' },
    });
  });

  test('has a reduce of a name that is allowed here, if it says none', () => {
    const value = list([step('a')], { strategy: 'chain', reduce: { prompt_template: 'x' } });

    expect(needsOf(value)).toEqual({ a: [], __reduce: ['a'] });
    expect(NodeName.safeParse('__reduce').success).toBe(true);
  });

  test('reduces nothing without a strategy', () => {
    expect(imported(list([step('a')], { reduce: { prompt_template: 'x' } })).report).toEqual(['no_effect /reduce']);
  });

  test('holds lists, which stand in the place of their step', () => {
    const inner = (id: string, strategy: string): JsonObject => ({ id, strategy, steps: [step('x'), step('y')] });
    const value = list([step('a'), inner('b', 'chain'), inner('c', 'parallel'), step('d')], { strategy: 'chain' });

    expect(needsOf(value)).toEqual({
      a: [],
      'b-x': ['a'],
      'b-y': ['b-x'],
      'c-x': ['b-y'],
      'c-y': ['b-y'],
      c: ['c-x', 'c-y'],
      d: ['c'],
    });
  });

  test('has one node between several ends and several beginnings', () => {
    const inner = (id: string): JsonObject => ({ id, strategy: 'parallel', steps: [step('x'), step('y')] });
    const value = list([step('p'), step('q'), { ...inner('c'), depends_on: ['p', 'q'] }]);

    expect(needsOf(value)).toMatchObject({
      'c-begin': ['p', 'q'],
      'c-x': ['c-begin'],
      'c-y': ['c-begin'],
    });
  });

  test('reads outputs of its own steps first, then of those around it', () => {
    const inner = {
      id: 'in',
      strategy: 'chain',
      steps: [step('x'), step('y', { prompt_template: '{{steps.x.output}} {{steps.a.output}}' })],
    };
    const last = step('z', { prompt_template: '{{steps.in.output}} {{steps.x.output}}' });
    const { document, report } = imported(list([step('a'), inner, last], { strategy: 'chain' }));

    expect(document?.['nodes']).toMatchObject({
      'in-y': { prompt: '{{ nodes["in-x"] }} {{ nodes.a }}' },
      z: { prompt: '{{ nodes["in-y"] }} ' },
    });
    expect(report).toContain('nested_output /steps/2/prompt_template');
    expect(report).toContain('unknown_expression /steps/2/prompt_template');
    expect(report).toContain('renamed /steps/1/steps/0');
  });

  test('takes a list that was expanded already', () => {
    const expanded = {
      id: 'w',
      type: 'sub_workflow',
      workflow: { steps: [step('x'), step('y', { depends_on: ['x'] })] },
    };

    expect(needsOf(list([step('a'), { ...expanded, depends_on: ['a'] }]))).toEqual({
      a: [],
      'w-x': ['a'],
      'w-y': ['w-x'],
    });
  });

  test('holds the other node types that need no edges', () => {
    const { document } = imported(
      list([
        { id: 'ask', type: 'interrupt', message: 'Sure?' },
        { id: 'set', type: 'transform', updates: { done: true }, depends_on: ['ask'] },
        step('one'),
        { id: 'each', type: 'send', items_key: 'state.done', target_node: 'one' },
      ]),
    );

    expect(document).toMatchObject({
      state: { done: { type: 'any' }, send_results: { type: 'any' } },
      nodes: {
        ask: { type: 'interrupt', message: 'Sure?' },
        set: { type: 'transform', updates: { done: true }, needs: ['ask'] },
        one: { prompt: 'one' },
        'one-item': { prompt: 'one' },
        each: { type: 'send', items: '${state.done}', target: 'one-item' },
      },
    });
  });

  test('leaves what belongs to a run to the run', () => {
    const { report } = imported(list([step('a')], { input: {}, callbacks: [], config: {}, idempotency_key: 'k' }));

    expect(report).toEqual([
      'run_field /input',
      'run_field /callbacks',
      'run_field /config',
      'run_field /idempotency_key',
    ]);
  });
});

describe('a list of steps that is refused', () => {
  test.each<[string, Json[], JsonObject, string[]]>([
    ['no steps', [], {}, ['invalid_value /steps']],
    ['an unknown strategy', [step('a')], { strategy: 'x' }, ['invalid_value /strategy']],
    ['a strategy that is no text', [step('a')], { strategy: 1 }, ['bad_type /strategy']],
    [
      'depends_on under a strategy',
      [step('a', { depends_on: [] })],
      { strategy: 'chain' },
      ['invalid_value /steps/0/depends_on'],
    ],
    ['an unknown dependency', [step('a', { depends_on: ['zz'] })], {}, ['missing_reference /steps/0/depends_on/0']],
    [
      'a doubled dependency',
      [step('a'), step('b', { depends_on: ['a', 'a'] })],
      {},
      ['duplicate_name /steps/1/depends_on/1'],
    ],
    ['a dependency that is no text', [step('a', { depends_on: [1] })], {}, ['bad_type /steps/0/depends_on/0']],
    ['depends_on that is no list', [step('a', { depends_on: 'b' })], {}, ['bad_type /steps/0/depends_on']],
    ['a doubled id', [step('a'), step('a')], {}, ['duplicate_name /steps/1/id']],
    ['a step that is no object', ['a', null], {}, ['bad_type /steps/0', 'bad_type /steps/1']],
    [
      'a missing id',
      [{ prompt_template: 'x' }, { id: '' }],
      {},
      ['missing_field /steps/0/id', 'missing_field /steps/1/id'],
    ],
    ['an id that is no text', [{ id: 1 }], {}, ['bad_type /steps/0/id']],
    ['a retry that is no object', [step('a', { retry: 1 })], {}, ['bad_type /steps/0/retry']],
    ['no attempts', [step('a', { retry: { max_attempts: 0 } })], {}, ['invalid_value /steps/0/retry/max_attempts']],
    [
      'attempts that are no integer',
      [step('a', { retry: { max_attempts: 1.5 } })],
      {},
      ['bad_type /steps/0/retry/max_attempts'],
    ],
    ['no time', [step('a', { timeout_ms: 0 })], {}, ['invalid_value /steps/0/timeout_ms']],
    ['a route', [{ id: 'a', type: 'route' }], {}, ['node_type_unsupported /steps/0/type']],
    ['an unknown type', [{ id: 'a', type: 'saga' }], {}, ['node_type_unsupported /steps/0/type']],
    [
      'a doubled id of the reduce',
      [step('a')],
      { strategy: 'chain', reduce: step('a') },
      ['duplicate_name /reduce/id'],
    ],
    ['a reduce that is no object', [step('a')], { strategy: 'chain', reduce: 'x' }, ['bad_type /reduce']],
    ['steps within without a strategy', [{ id: 'a', steps: [step('b')] }], {}, ['missing_field /steps/0/strategy']],
    [
      'faults of a list within',
      [{ id: 'a', strategy: 'zz', steps: [step('b'), step('b'), step('c', { depends_on: ['b'] })] }],
      {},
      [
        'invalid_value /steps/0/strategy',
        'duplicate_name /steps/0/steps/1/id',
        'invalid_value /steps/0/steps/2/depends_on',
      ],
    ],
  ])('has %s', (_, steps, more, errors) => {
    expect(imported(list(steps, more)).errors).toEqual(errors);
  });

  test('is refused for all of its faults at once', () => {
    expect(imported(list([{}, step('a', { timeout_ms: 0 })], { strategy: 'x', id: 3 })).errors).toHaveLength(4);
  });
});
