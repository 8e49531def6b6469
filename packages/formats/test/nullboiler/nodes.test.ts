import type { JsonObject } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { imported, importedNode } from './imported.ts';

describe('a task', () => {
  test('is a prompt for an endpoint with its tags, and its answer goes to a state key', () => {
    const { node, document, report } = importedNode({
      type: 'task',
      prompt_template: 'Plan {{state.goal}}',
      worker_tags: ['planner'],
      output_key: 'plan',
      retry: { max_attempts: 3, initial_interval_ms: 100, backoff_factor: 1.5, max_interval_ms: 5000 },
      cache: { ttl_ms: 60000 },
      defer: true,
    });

    expect(node).toEqual({
      type: 'task',
      tags: ['planner'],
      prompt: 'Plan {{ state.goal }}',
      output: 'plan',
      retry: { maxAttempts: 3, initialMs: 100, factor: 1.5, maxMs: 5000 },
      cache: { ttlMs: 60000 },
      defer: true,
    });
    expect(document?.['state']).toEqual({ plan: { type: 'any' }, goal: { type: 'any' } });
    expect(report).toEqual(['undeclared_state_key /nodes/n/prompt_template']);
  });

  test('writes the state key output where it says nothing else', () => {
    const { node, document } = importedNode({ prompt_template: 'x' });

    expect(node).toEqual({ type: 'task', prompt: 'x', output: 'output' });
    expect(document?.['state']).toEqual({ output: { type: 'any' } });
  });

  test('picks parts of its answer', () => {
    const mapping = { grade: 'review.grade', last: 'items[-1]', bad: 'a[x]' };
    const { node, report } = importedNode({ prompt_template: 'x', output_mapping: mapping });

    expect(node).toMatchObject({ outputMapping: { grade: 'review.grade', last: 'items[-1]' } });
    expect(report).toEqual(['bad_path /nodes/n/output_mapping/bad', 'missing_is_null /nodes/n/output_mapping']);
  });

  test('does nothing without a prompt, and neither do its other fields', () => {
    const { node, report } = importedNode({ worker_tags: ['a'], retry: {}, output_key: 'x' });

    expect(node).toEqual({ type: 'transform', updates: {} });
    expect(report).toEqual([
      'no_effect /nodes/n/worker_tags',
      'no_effect /nodes/n/retry',
      'no_effect /nodes/n/output_key',
    ]);
  });

  test('has numbers within the native bounds', () => {
    const retry = { max_attempts: 0, initial_interval_ms: 0, backoff_factor: 0.5, max_interval_ms: 1e12 };
    const { node, report } = importedNode({ prompt_template: 'x', retry, cache: { ttl_ms: -1 } });

    expect(node).toMatchObject({
      retry: { maxAttempts: 1, initialMs: 1, factor: 1, maxMs: 2147483647 },
      cache: { ttlMs: 1 },
    });
    expect(report.filter((item) => item.startsWith('clamped'))).toHaveLength(5);
  });

  test('that takes any of several tags is told', () => {
    expect(importedNode({ prompt_template: 'x', worker_tags: ['a', 'b', 'a'] })).toMatchObject({
      node: { tags: ['a', 'b'] },
      report: ['any_tag /nodes/n/worker_tags'],
    });
  });
});

describe('an agent', () => {
  test('goes on for several turns', () => {
    const { node, report } = importedNode({
      type: 'agent',
      prompt_template: 'Fix it',
      max_turns: 500,
      continuation_prompt: 'Go on with {{state.goal}}',
      turn_timeout_ms: 1000,
      output_key: 'fix',
    });

    expect(node).toEqual({
      type: 'agent',
      prompt: 'Fix it',
      continuePrompt: 'Go on with {{ state.goal }}',
      maxTurns: 100,
      turnTimeoutMs: 1000,
      output: 'fix',
    });
    expect(report).toContain('turn_timeout /nodes/n/turn_timeout_ms');
    expect(report).toContain('clamped /nodes/n/max_turns');
  });

  test.each([{ max_turns: 3 }, { continuation_prompt: 'x' }])('takes one turn with %j alone', (half) => {
    const { node, report } = importedNode({ type: 'agent', prompt_template: 'x', ...half, turn_timeout_ms: 5 });

    expect(node).toEqual({ type: 'agent', prompt: 'x', output: 'output' });
    expect(report).toEqual([`no_effect /nodes/n/${Object.keys(half)[0]}`, 'no_effect /nodes/n/turn_timeout_ms']);
  });
});

describe('a route', () => {
  const task = { prompt_template: 'x' };
  const routed = (route: JsonObject, edges: string[][]) =>
    imported({ id: 'r', nodes: { r: { type: 'route', ...route }, a: task, b: task, c: task }, edges }).document;
  const EDGES = [
    ['__start__', 'r'],
    ['r:bug', 'a'],
    ['r:question', 'b'],
    ['r:question', 'c'],
  ];

  test('leads by its value to the target, or through a node to several', () => {
    const document = routed({ input: 'state.kind' }, EDGES);

    expect(document?.['nodes']).toMatchObject({
      r: { type: 'route', on: 'state.kind', routes: { bug: 'a', question: 'r-question' } },
      'r-question': { type: 'transform', updates: {} },
    });
    expect(document?.['edges']).toEqual([
      ['r-question', 'b'],
      ['r-question', 'c'],
    ]);
  });

  test('has a default that is one of its values', () => {
    const routes = { bug: 'a', question: 'b' };

    expect(routed({ routes, default: 'bug' }, EDGES)?.['nodes']).toMatchObject({
      r: { on: 'state.route_input', routes: { bug: 'a', question: 'r-question' }, default: 'a' },
    });
  });

  test('takes a default without declared values for a missing value only', () => {
    expect(routed({ input: 'state.k.x', default: 'bug' }, EDGES)?.['nodes']).toMatchObject({
      r: {
        on: 'cel.bind(v, cel.bind(v, state.k, type(v) == map && "x" in v ? v["x"] : null), v == null ? "bug" : v)',
        routes: { bug: 'a', question: 'r-question' },
      },
    });
  });

  test('goes on by its other edges when no value matches', () => {
    const edges = [
      ['__start__', 'r'],
      ['r:bug', 'a'],
      ['r', 'b'],
      ['r', 'c'],
      ['a', '__end__'],
    ];

    expect(routed({}, edges)).toMatchObject({
      nodes: { r: { routes: { bug: 'a' }, default: '__end__' } },
      edges: [
        ['r', 'b'],
        ['r', 'c'],
        ['a', '__end__'],
      ],
    });
  });

  test('reads the configuration of the run', () => {
    expect(routed({ input: 'state.__config.mode' }, EDGES)?.['nodes']).toMatchObject({
      r: { on: 'cel.bind(v, config, type(v) == map && "mode" in v ? v["mode"] : null)' },
    });
  });

  test('that NullBoiler refuses is refused, each fault at its place', () => {
    const nodes = {
      r: { type: 'route', routes: { bug: 'b', gone: 'zz' }, default: 'other' },
      a: task,
      b: task,
      c: task,
    };

    expect(imported({ id: 'r', nodes, edges: EDGES }).errors).toEqual([
      'missing_reference /nodes/r/routes/bug',
      'missing_reference /nodes/r/routes/gone',
      'missing_reference /nodes/r/default',
    ]);
  });

  test('with an edge for a value that it does not declare, or one back, is told', () => {
    const nodes = { a: task, r: { type: 'route', routes: { ok: 'b' }, default: 'ok' }, b: task };
    const edges = [
      ['__start__', 'a'],
      ['a', 'r'],
      ['r:ok', 'b'],
      ['r:again', 'a'],
      ['b', '__end__'],
    ];
    const { document, report } = imported({ id: 'r', nodes, edges });

    expect(report).toEqual(['route_loop /edges/3', 'undeclared_route_value /edges/3', 'undeclared_state_key /nodes/r']);
    expect(document?.['nodes']).toMatchObject({
      init: { type: 'transform', updates: {} },
      r: { routes: { ok: 'b', again: 'a' }, default: 'b' },
    });
    expect(document?.['edges']).toEqual([
      ['init', 'a'],
      ['a', 'r'],
      ['b', '__end__'],
    ]);
  });

  test('whose edge meets one that is always taken is told', () => {
    const nodes = { r: { type: 'route' }, a: task, b: task };
    const edges = [
      ['__start__', 'r'],
      ['__start__', 'a'],
      ['r:x', 'b'],
      ['a', 'b'],
      ['b', '__end__'],
    ];

    expect(imported({ id: 'r', nodes, edges }).report).toContain('mixed_join /edges/2');
  });
});

describe('an interrupt', () => {
  test('asks its message', () => {
    expect(importedNode({ type: 'interrupt', message: 'Sure?' })).toMatchObject({
      node: { type: 'interrupt', message: 'Sure?' },
      report: [],
    });
    expect(importedNode({ type: 'interrupt' }).node).toEqual({ type: 'interrupt' });
    expect(importedNode({ type: 'interrupt', message: '{{state.x}}' }).report).toEqual([
      'literal_template /nodes/n/message',
    ]);
  });
});

describe('a send', () => {
  const fan = { type: 'send', items_key: 'state.files', target_node: 'one' };
  const one = { type: 'task', prompt_template: 'Read {{item.path}}', worker_tags: ['reader'], output_key: 'x' };
  const EDGES = [
    ['__start__', 'fan'],
    ['fan', '__end__'],
  ];

  test('runs its target for each item, and keeps null for one that failed', () => {
    const { document, report } = imported({ id: 's', nodes: { fan, one }, edges: EDGES });

    expect(document?.['nodes']).toEqual({
      one: { type: 'task', tags: ['reader'], prompt: 'Read {{ item.path }}' },
      fan: { type: 'send', items: '${state.files}', target: 'one', onItemFailure: 'continue', output: 'send_results' },
    });
    expect(report).toContain('no_effect /nodes/one/output_key');
  });

  test('knows its items by another name, and where to put the results', () => {
    const other = { type: 'send', items_from: 'state.files[0].list', target_node: 'one', output_key: 'read' };

    expect(imported({ id: 's', nodes: { fan: other, one }, edges: EDGES }).document?.['nodes']).toMatchObject({
      fan: { items: '${state.files[0].list}', output: 'read' },
    });
  });

  test('has a target of its own where that also runs by itself', () => {
    const edges = [
      ['__start__', 'one'],
      ['one', 'fan'],
      ['fan', '__end__'],
    ];

    expect(imported({ id: 's', nodes: { one, fan }, edges }).document?.['nodes']).toMatchObject({
      one: { prompt: 'Read {{ item.path }}', output: 'x' },
      'one-item': { prompt: 'Read {{ item.path }}' },
      fan: { target: 'one-item' },
    });
  });

  test('without items does nothing, and its target never runs', () => {
    const { document, report } = imported({
      id: 's',
      nodes: { fan: { type: 'send', target_node: 'one' }, one },
      edges: EDGES,
    });

    expect(document?.['nodes']).toEqual({ fan: { type: 'transform', updates: {} } });
    expect(report).toEqual(['no_effect /nodes/fan', 'no_effect /nodes/one']);
  });

  test('needs a target that is there and has a prompt', () => {
    expect(imported({ id: 's', nodes: { fan: { ...fan, target_node: 'zz' } }, edges: EDGES }).errors).toEqual([
      'missing_reference /nodes/fan/target_node',
    ]);
    expect(imported({ id: 's', nodes: { fan, one: {} }, edges: EDGES }).errors).toEqual([
      'missing_field /nodes/one/prompt_template',
    ]);
  });

  test('is alone in leaving its target', () => {
    const { document, report } = imported({ id: 's', nodes: { fan, one }, edges: [...EDGES, ['one', 'fan']] });

    expect(document?.['edges']).toEqual([['fan', '__end__']]);
    expect(report).toContain('no_effect /edges/2');
  });
});

describe('a transform', () => {
  test('takes its updates as an object or as text, as values that nothing renders', () => {
    const updates = {
      n: 1,
      text: 'costs ${x} {{state.y}}',
      deep: [{ cel: '1 + 1' }, { secret: 'A' }, { cel: 'x', b: 1 }],
    };
    const mapped = {
      type: 'transform',
      updates: {
        n: 1,
        text: "costs $${x} {{ '{{' }}state.y}}",
        deep: [{ cel: '{"cel": "1 + 1"}' }, { cel: '{"secret": "A"}' }, { cel: 'x', b: 1 }],
      },
    };

    expect(importedNode({ type: 'transform', updates }).node).toEqual(mapped);
    expect(importedNode({ type: 'transform', updates: JSON.stringify(updates) }).node).toEqual(mapped);
    expect(importedNode({ type: 'transform' }).node).toEqual({ type: 'transform', updates: {} });
  });

  test.each(['[]', '{', '{"__proto__": 1}', '3', 7])('refuses updates that are %j', (updates) => {
    const { errors } = importedNode({ type: 'transform', updates });

    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^(?:invalid_value|bad_type) \/nodes\/n\/updates$/);
  });

  test('keeps the overwrite of a reducer, and tells of the store', () => {
    const updates = { list: { __overwrite: true, value: [] }, __ui_messages: [] };
    const { node, report } = importedNode({ type: 'transform', updates, store_updates: [{ namespace: 'a' }] });

    expect(node).toEqual({ type: 'transform', updates: { list: { __overwrite: true, value: [] } } });
    expect(report).toEqual(['store_updates /nodes/n/store_updates', 'managed_value /nodes/n/updates']);
  });
});

describe('a subgraph', () => {
  test('gets parts of the state, and gives back one key of its own', () => {
    const mapping = { topic: 'state.goal', last: 'state.list[-1].x', bad: 3 };
    const { node, report } = importedNode({
      type: 'subgraph',
      workflow_id: 'child',
      input_mapping: mapping,
      output_key: 'sum',
    });

    expect(node).toEqual({
      type: 'subgraph',
      workflow: 'child',
      input: { topic: '${state.goal}', last: '${state.list[-1].x}' },
      outputMapping: { sum: 'sum' },
    });
    expect(report).toContain('bad_path /nodes/n/input_mapping/bad');
    expect(report).toContain('missing_is_null /nodes/n/input_mapping');
    expect(importedNode({ type: 'subgraph', workflow_id: 'child' }).node).toMatchObject({
      input: {},
      outputMapping: { output: 'output' },
    });
  });

  test('needs its workflow', () => {
    expect(importedNode({ type: 'subgraph' }).errors).toEqual(['missing_field /nodes/n/workflow_id']);
  });
});
