import type { Json, JsonObject } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { importDocument, importWorkflow, parseDocument } from '../../src/index.ts';
import { imported } from './imported.ts';

const task = { prompt_template: 'x', output_key: 'o' };

function nested(levels: number, wrap: (inner: Json) => Json, inner: Json = 1): Json {
  let value = inner;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

/** A graph of `count` tasks in a row. */
function row(count: number): JsonObject {
  const names = Array.from({ length: count }, (_, index) => `n${index}`);
  const edges = [...names, '__end__'].map((name, index) => [names[index - 1] ?? '__start__', name]);
  return { id: 'row', nodes: Object.fromEntries(names.map((name) => [name, task])), edges };
}

/** Far more than any of it takes; what grew with the square of the size would take longer. */
const PATIENCE_MS = 60_000;

describe('a hostile document', { timeout: PATIENCE_MS }, () => {
  test('nested without end is refused', () => {
    const deep = nested(100_000, (inner) => [inner]);
    const strategies = nested(1000, (inner) => ({ id: 'a', strategy: 'chain', steps: [inner] }), { id: 'x' });

    expect(importDocument('nullboiler', deep, 100)).toMatchObject({ ok: false, errors: [{ code: 'limit_depth' }] });
    expect(importDocument('nullboiler', strategies, 100)).toMatchObject({
      ok: false,
      errors: [{ code: 'limit_depth' }],
    });
  });

  test('with names that reach into prototypes is refused, wherever they stand', () => {
    const text =
      '{"id":"a","nodes":{"__proto__":{},"n":{"constructor":1}},"edges":[["__start__","n"]],"steps":[{"prototype":1}]}';
    const result = imported(JSON.parse(text) as Json);

    expect(result.errors.toSorted()).toEqual([
      'bad_name /nodes/__proto__',
      'bad_name /nodes/n/constructor',
      'bad_name /steps/0/prototype',
    ]);
    expect(({} as JsonObject)['polluted']).toBeUndefined();
  });

  test('whose names are those of methods is taken as it is', () => {
    const names = ['toString', 'valueOf', 'hasOwnProperty'];
    const nodes = Object.fromEntries(names.map((name) => [name, { ...task, output_key: name }]));
    const edges = names.map((name) => ['__start__', name]);
    const result = imported({ id: 'm', nodes, edges, state_schema: { toString: { type: 'toString' } } });

    expect(result.errors).toEqual([]);
    expect(result.document).toMatchObject({ state: { toString: { type: 'any' }, valueOf: { type: 'any' } } });
  });

  test.each<[Json]>([[null], [1], ['x'], [[]], [[[]]], [true]])('that is %j is refused', (value) => {
    expect(imported(value).errors).toEqual(['bad_type ']);
  });

  test('of 10 MB is not even parsed, and bears being imported without a text', async () => {
    const text = JSON.stringify({
      id: 'a',
      nodes: { n: { prompt_template: '{{state.x}}{% if state.x %}'.repeat(400_000) } },
    });
    const parsed = await parseDocument(text, 'json');

    expect(parsed).toMatchObject({ ok: false, errors: [{ code: 'limit_bytes' }] });
    expect(imported(JSON.parse(text) as Json).errors).toContain('bad_template /nodes/n/prompt_template');
  });

  test('of very many nodes, edges or steps costs time in proportion', () => {
    const steps = Array.from({ length: 20_000 }, (_, index) => ({ id: `s${index}`, prompt_template: 'x' }));
    const inner = (id: string): JsonObject => ({ id, strategy: 'parallel', steps: steps.slice(0, 6_000) });

    expect(imported(row(20_000)).errors).toEqual([]);
    expect(imported({ id: 's', strategy: 'chain', steps, reduce: task }).errors).toEqual([]);
    expect(imported({ id: 's', strategy: 'chain', steps: [inner('a'), inner('b'), inner('c')] }).errors).toEqual([]);
  });

  test('of many names that become one keeps them apart in time', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => String.fromCodePoint(0x100 + index) + '.'.repeat(3));
    const same = Array.from(
      { length: 2_000 },
      (_, index) => '.'.repeat(195) + '#'.repeat(index % 5) + '.'.repeat(index),
    );
    const nodes = Object.fromEntries([...names, ...same].map((name) => [name, task]));
    const edges = Object.keys(nodes).map((name) => ['__start__', name]);

    expect(Object.keys(imported({ id: 'x', nodes, edges }).document?.['nodes'] ?? {})).toHaveLength(
      Object.keys(nodes).length,
    );
  });

  test('with faults and remarks without end has a bounded answer', () => {
    const nodes = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`n${index}`, { type: 'x', zz: 1 }]));
    const result = importDocument('nullboiler', { id: 'a', nodes, edges: [] }, 10_000);

    expect(result.ok ? [] : result.errors).toHaveLength(1001);
    expect(result.ok ? undefined : result.errors.at(-1)).toMatchObject({
      pointer: '',
      message: expect.stringContaining('more'),
    });
  });

  test('beyond the number of nodes of this place is refused where its nodes are', () => {
    const inner = { id: 'b', strategy: 'chain', steps: [{ id: 'c' }, { id: 'd' }] };

    expect(imported({ id: 's', steps: [{ id: 'a' }, inner] }, 3).errors).toEqual(['limit_nodes /steps/1/steps']);
    const env = { hasExecutor: () => true, maxNodes: 10 };
    const { errors } = importWorkflow(row(11), { format: 'nullboiler', env, locate: () => undefined });

    expect(errors).toMatchObject([{ code: 'limit_nodes', pointer: '/nodes' }]);
  });
});
