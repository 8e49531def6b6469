import type { Json, JsonObject } from '@weft/contract';
import { compileTemplate } from '@weft/engine/domain';
import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { importWorkflow } from '../../src/index.ts';
import { literal } from '../../src/mesh-execute/prompt.ts';

const env = { hasExecutor: () => false, maxNodes: 100 };

function imported(value: Json) {
  const { document, errors, report } = importWorkflow(value, { format: 'mesh-execute', env, locate: () => undefined });
  return { document, errors: errors.map(({ code, pointer }) => `${code} ${pointer}`), report };
}

const step = (id: string, ...dependsOn: string[]): JsonObject => ({ id, prompt: `do ${id}`, dependsOn });

function promptOf(value: Json, node: string): Json | undefined {
  const nodes = imported(value).document?.['nodes'] as Record<string, JsonObject> | undefined;
  return nodes?.[node]?.['prompt'];
}

describe('steps of a mesh execution', () => {
  test('become nodes with prompts that are given the context and the outputs of all that they depend on', () => {
    const value = {
      steps: [
        { id: 'a', prompt: 'Find {{ it }}', model: 'large', tags: ['coder'], estimatedCost: 0.5 },
        step('b', 'a'),
        step('c', 'a'),
        { ...step('d', 'b', 'c'), estimatedCost: 0 },
      ],
      budget: { usd: 2 },
      context: { team: 'red' },
    };
    const { document, errors, report } = imported(value);

    expect([errors, report]).toEqual([[], []]);
    expect(document).toMatchObject({
      name: 'mesh-execute',
      budget: { usd: 2 },
      state: { context: { type: 'any', default: { team: 'red' } } },
      defaults: { onFailure: 'skipDependents' },
      nodes: {
        a: { type: 'task', tags: ['coder'], endpoint: { model: 'large' }, cost: { usd: 0.5 } },
        d: { type: 'task', needs: ['b', 'c'], cost: { usd: 0 } },
      },
    });
    expect(promptOf(value, 'd')).toBe(
      'Context:\n\n{{ state.context }}\n\nResults of the steps before this one:\n\n## b\n\n{{ nodes["b"] }}\n\n## c\n\n{{ nodes["c"] }}\n\ndo d',
    );
    expect(promptOf({ steps: [step('x')] }, 'x')).toBe('do x');
  });

  test('state no cost where tokens are bounded, which their endpoints then reserve', () => {
    const { document } = imported({ steps: [{ ...step('a'), estimatedCost: 0.5 }], budget: { usd: 2, tokens: 1000 } });
    expect(document?.['nodes']).toEqual({ a: { type: 'task', prompt: 'do a' } });
  });

  test.each<[string, Json, string[]]>([
    ['a circle', [step('a', 'c'), step('b', 'a'), step('c', 'b')], ['cycle /steps/0/dependsOn/0']],
    [
      'a circle beside other errors',
      [step('d', 'a'), step('a', 'c'), step('b', 'a'), step('c', 'b'), step('e', 'z'), step('f', 'f')],
      ['missing_reference /steps/4/dependsOn/0', 'self_dependency /steps/5/dependsOn/0', 'cycle /steps/1/dependsOn/0'],
    ],
    ['a step that depends on itself', [step('a', 'a')], ['self_dependency /steps/0/dependsOn/0']],
    ['a step that is not there', [step('a'), step('b', 'a', 'z')], ['missing_reference /steps/1/dependsOn/1']],
    ['an id that is given twice', [step('a'), step('b'), step('a')], ['duplicate_name /steps/2/id']],
    ['a dependency that is given twice', [step('a'), step('b', 'a', 'a')], ['duplicate_name /steps/1/dependsOn/1']],
    ['no step', [], ['no_steps /steps']],
    [
      'ids that name nothing',
      [step('a.b'), step(''), step('a"')],
      ['bad_name /steps/0/id', 'bad_name /steps/1/id', 'bad_name /steps/2/id'],
    ],
    [
      'no prompt, no id',
      [{ id: 'a' }, { prompt: 'x' }],
      ['missing_field /steps/0/prompt', 'missing_field /steps/1/id'],
    ],
    ['no object', ['a'], ['bad_type /steps/0']],
    [
      'several at once',
      [step('a', 'a', 'z'), step('a')],
      ['duplicate_name /steps/1/id', 'self_dependency /steps/0/dependsOn/0', 'missing_reference /steps/0/dependsOn/1'],
    ],
  ])('with %s are refused, each with a code and a place of its own', (_, steps, errors) => {
    expect(imported({ steps }).errors).toEqual(errors);
  });

  test('are told of fields that mean nothing, and take a name', () => {
    const { document, report } = imported({ name: 'mine', steps: [{ ...step('a'), depends_on: [] }], x: 1 });
    expect(document?.['name']).toBe('mine');
    expect(report.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      'unknown_field /steps/0/depends_on',
      'unknown_field /x',
    ]);
  });
});

test('a prompt is never a template, whatever it holds', () => {
  const scope = { input: {}, state: {}, nodes: {}, config: {} };
  const piece = constantFrom('{', '}', '%', '$', '{{', '}}', '{%', '%}', '${', ' a ', 'raw', 'endraw', '-', '"', '\n');
  assert(
    property(array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const template = compileTemplate(literal(text));
      expect(template.render(scope as never)).toBe(text);
    }),
    { numRuns: 2000 },
  );
});
