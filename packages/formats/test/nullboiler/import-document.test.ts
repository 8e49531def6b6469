import type { JsonObject } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { graph, imported } from './imported.ts';

describe('the state', () => {
  const task = { n: { prompt_template: 'x', output_key: 's' } };

  test('has the defaults of its types, and begins with what the input says', () => {
    const state_schema = {
      s: { type: 'string' },
      a: { type: 'array', reducer: 'append' },
      n: { type: 'number', reducer: 'add', ephemeral: true },
      b: { type: 'boolean', reducer: 'last_value' },
      o: { type: 'object', reducer: 'merge' },
      'odd key': { type: 'string' },
    };
    const { document, report } = imported(graph(task, { state_schema }));

    expect(document?.['state']).toEqual({
      s: { type: 'string', default: '' },
      a: { type: 'array', default: [], reducer: 'append' },
      n: { type: 'number', default: 0, reducer: 'add', ephemeral: true },
      b: { type: 'boolean', default: false },
      o: { type: 'object', default: {}, reducer: 'merge' },
      'odd key': { type: 'string', default: '' },
    });
    expect(document?.['nodes']).toMatchObject({
      init: {
        type: 'transform',
        updates: {
          s: { cel: 'has(input.s) ? input.s : state.s' },
          a: { __overwrite: true, value: { cel: 'has(input.a) ? input.a : state.a' } },
          'odd key': { cel: '"odd key" in input ? input["odd key"] : state["odd key"]' },
        },
      },
    });
    expect(document?.['edges']).toEqual([
      ['init', 'n'],
      ['n', '__end__'],
    ]);
    expect(document?.['output']).toBe('${state}');
    expect(report).toEqual([]);
  });

  test('may be called schema; what NullBoiler does not know there is told', () => {
    const schema = {
      s: { type: 'date', reducer: 'zip', more: 1 },
      'a.b': { type: 'string' },
      __config: { type: 'object' },
    };
    const { document, report } = imported(graph(task, { schema }));

    expect(document?.['state']).toEqual({ s: { type: 'any' }, 'a-b': { type: 'string', default: '' } });
    expect(report.toSorted()).toEqual([
      'managed_value /schema/__config',
      'renamed /schema/a.b',
      'unknown_field /schema/s/more',
      'unknown_reducer /schema/s/reducer',
      'unknown_state_type /schema/s/type',
    ]);
  });

  test('is refused where a key is no object', () => {
    expect(imported(graph(task, { state_schema: { s: 'string' } })).errors).toEqual(['bad_type /state_schema/s']);
    expect(imported(graph(task, { state_schema: [] })).errors).toEqual(['bad_type /state_schema']);
  });
});

describe('a document', () => {
  const nodes = { n: { prompt_template: 'x' } };

  test('is called by its id, and its name describes it', () => {
    expect(imported(graph(nodes, { name: 'Title' })).document).toMatchObject({ name: 'wf', description: 'Title' });
    expect(imported(graph(nodes, { id: null, name: 'Title' })).document).toMatchObject({ name: 'Title' });
    expect(imported(graph(nodes, { id: null }))).toMatchObject({
      document: { name: 'nullboiler' },
      report: expect.arrayContaining(['no_name ']),
    });
  });

  test('may be wrapped as the API answers it', () => {
    const { document, report } = imported({
      id: 'w',
      name: 'W',
      version: 3,
      definition: graph(nodes, { zz: 1 }),
      created_at_ms: 5,
    });

    expect(document).toMatchObject({ name: 'wf', description: 'W', nodes: { n: { prompt: 'x' } } });
    expect(report.toSorted()).toEqual(['no_effect /created_at_ms', 'unknown_field /definition/zz', 'version /version']);
    expect(imported({ definition: graph({ n: { type: 'map' } }) }).errors).toEqual([
      'node_type_unsupported /definition/nodes/n/type',
    ]);
  });

  test('tells of everything that has no equal', () => {
    const more = { version: 1, defaults: {}, task_id: 't', input: {}, callbacks: [], config: {}, foo: 1, steps: [] };

    expect(imported(graph(nodes, more)).report.toSorted()).toEqual([
      'no_effect /defaults',
      'run_field /callbacks',
      'run_field /config',
      'run_field /input',
      'task_id /task_id',
      'unknown_field /foo',
      'unknown_field /steps',
      'version /version',
    ]);
  });

  test('stops where it says', () => {
    const { document, report } = imported(graph(nodes, { interrupt_before: ['n', 'gone'], interrupt_after: ['n'] }));

    expect(document).toMatchObject({ interruptBefore: ['n'], interruptAfter: ['n'] });
    expect(report).toEqual(['no_effect /interrupt_before/1']);
  });

  test('keeps its nodes apart under names that are allowed here', () => {
    const odd = { 'a.b': { prompt_template: 'x' }, 'a-b': { prompt_template: 'y' }, 'a:b': { prompt_template: 'z' } };
    const edges = [
      ['__start__', 'a.b'],
      ['a.b', 'a-b'],
      ['a-b', 'a:b'],
      ['a-b', '__end__'],
    ];
    const { document, report } = imported({ id: 'o', nodes: odd, edges });

    expect(Object.keys(document?.['nodes'] ?? {})).toEqual(['a-b-2', 'a-b', 'a-b-3']);
    expect(document?.['edges']).toEqual([
      ['a-b-2', 'a-b'],
      ['a-b', 'a-b-3'],
      ['a-b', '__end__'],
    ]);
    expect(report).toEqual(['renamed /nodes/a.b', 'renamed /nodes/a:b']);
  });

  test('is refused with every fault at its place', () => {
    const bad = {
      id: 7,
      nodes: {
        a: 3,
        b: { type: 'map' },
        c: { type: 'task', prompt_template: 5, retry: [], worker_tags: [1] },
        __end__: {},
      },
      edges: [['__start__', 'c'], ['c'], ['c', 'zz'], ['yy', 'c'], 'x'],
      interrupt_before: [1],
    };

    expect(imported(bad).errors.toSorted()).toEqual([
      'bad_name /nodes/__end__',
      'bad_type /edges/1',
      'bad_type /edges/4',
      'bad_type /id',
      'bad_type /interrupt_before/0',
      'bad_type /nodes/a',
      'bad_type /nodes/c/prompt_template',
      'missing_reference /edges/2/1',
      'missing_reference /edges/3/0',
      'node_type_unsupported /nodes/b/type',
      'unreachable_node /nodes/__end__',
      'unreachable_node /nodes/a',
      'unreachable_node /nodes/b',
    ]);
  });

  test.each<[JsonObject, string]>([
    [{ id: 'a' }, 'missing_field /nodes'],
    [{ id: 'a', pipeline_id: 'p', prompt_template: 'x' }, 'missing_field /nodes'],
    [{ id: 'a', nodes: {}, edges: [] }, 'invalid_value /nodes'],
    [{ id: 'a', nodes: [], edges: [] }, 'bad_type /nodes'],
    [{ id: 'a', nodes }, 'missing_field /edges'],
    [{ id: 'a', nodes, edges: {} }, 'bad_type /edges'],
    [{ id: 'a', nodes, edges: [['n', '__end__']] }, 'unreachable_node /edges'],
  ])('%j is refused: %s', (document, error) => {
    expect(imported(document).errors).toContain(error);
  });

  test('without an end runs to its end here', () => {
    expect(imported({ id: 'a', nodes, edges: [['__start__', 'n']] }).report).toEqual(['end_unreachable /edges']);
  });
});
