import { readFile } from 'node:fs/promises';
import type { Json, JsonObject } from '@weft/contract';
import { WorkflowDocument } from '@weft/contract';
import { compileCondition } from '@weft/engine/domain';
import { describe, expect, test } from 'vitest';
import { type ImportedWorkflow, importWorkflow, parseDocument } from '../src/index.ts';
import { writeYaml } from '../src/write-yaml.ts';

const env = { hasExecutor: () => false, maxNodes: 100 };

async function read(text: string): Promise<ImportedWorkflow> {
  const parsed = await parseDocument(text, 'json');
  if (!parsed.ok) throw new Error('expected a value');
  return importWorkflow(parsed.value, { format: 'nullboiler', env, locate: parsed.locate });
}

type Updates = { a: { cel: string }; 'b c': { value: { cel: string } } };

/** A document in which every place is easy to see. */
const PLACED = `{
  "id": "a",
  "zz": 1,
  "nodes": { "t": { "type": "task" }, "r": { "type": "route" } },
  "edges": [
    ["__start__", "t"],
    ["t:x", "r"],
    ["r", "t"]
  ]
}`;

describe('an imported workflow', () => {
  test('has its errors and remarks where they stand in the foreign text, those of validation, too', async () => {
    const { errors, report } = await read(PLACED);

    expect(report).toContainEqual(
      expect.objectContaining({ code: 'unknown_field', pointer: '/zz', line: 3, column: 3 }),
    );
    expect(errors).toMatchObject([
      { code: 'invalid_value', pointer: '/edges/1/0', line: 7, column: 6 },
      { code: 'cycle', pointer: '/edges/2', line: 8, column: 5 },
    ]);
  });

  test('tells of a circle of steps at the step that depends', async () => {
    const steps = [
      { id: 'x', depends_on: ['y'] },
      { id: 'y', depends_on: ['x'] },
    ];
    const { errors } = await read(JSON.stringify({ id: 'a', steps }));

    expect(errors).toMatchObject([{ code: 'cycle', pointer: expect.stringMatching(/^\/steps\/[01]\/depends_on\/0$/) }]);
  });

  test('is a valid document but for what the engine cannot run yet', async () => {
    const file = new URL('../../../examples/nullboiler/review.json', import.meta.url);
    const { document, errors, report } = await read(await readFile(file, 'utf8'));

    expect(WorkflowDocument.safeParse(document).success).toBe(true);
    expect(errors.filter(({ code }) => code !== 'node_type_unsupported')).toEqual([]);
    expect(report.map(({ code }) => code)).toEqual(['version', 'missing_is_null', 'missing_is_null']);
  });

  test('begins with the state that the input gives, and else with the defaults', async () => {
    const nodes = { n: { type: 'transform', updates: {} } };
    const edges = [
      ['__start__', 'n'],
      ['n', '__end__'],
    ];
    const state_schema = { a: { type: 'string' }, 'b c': { type: 'array', reducer: 'append' } };
    const { document, errors } = await read(JSON.stringify({ id: 'i', nodes, edges, state_schema }));
    const updates = (document as unknown as { nodes: { init: { updates: Updates } } }).nodes.init.updates;
    const state = { a: '', 'b c': [] };
    const evaluated = (cel: string, input: JsonObject): Json =>
      compileCondition(cel).evaluate({ input, state, nodes: {}, config: {} });
    const listed = updates['b c'].value.cel;

    expect(errors).toEqual([]);
    expect(evaluated(updates.a.cel, { a: 'given' })).toBe('given');
    expect(evaluated(updates.a.cel, {})).toBe('');
    expect(evaluated(listed, { 'b c': [1] })).toEqual([1]);
    expect(evaluated(listed, {})).toEqual([]);
  });

  test('is YAML that reads back as the same', async () => {
    const file = new URL('../../../examples/nullboiler/review.json', import.meta.url);
    const { document = {} } = await read(await readFile(file, 'utf8'));
    const odd = { ...document, description: 'a: "b"\n  - c\n\n# d', tags: ['{{ x }}', 'yes', '1', ''] };
    const parsed = await parseDocument(writeYaml(odd), 'yaml');

    expect(parsed.ok && parsed.value).toEqual(odd);
  });
});
