import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { validateDocument } from '../../src/domain/index.ts';
import { echo, env, found, withNodes } from './documents.ts';

describe('validating a document', () => {
  test('gives a valid document back as it was written', () => {
    const document = withNodes({ b: { ...echo, needs: ['a'] }, a: echo }, { description: 'd' });
    expect(validateDocument(document, env)).toEqual({ document, issues: [] });
    expect(validateDocument(document, env).document).toBe(document);
  });

  test('tells every error at once', () => {
    const document = {
      name: 'x',
      extra: 1,
      input: { type: 'strng' },
      state: { n: { type: 'number', default: 'x' } },
      nodes: {
        fetch: { type: 'task', uses: 'htp', with: { url: '{{ input.' }, retry: { maxAttempts: 0 } },
        a: { ...echo, needs: ['b'], when: '1 +' },
        b: { ...echo, needs: ['a', 'zz', 'b'], output: 'm' },
        w: { type: 'agent', prompt: 'x', tools: { t: {} } },
      },
    };
    expect(found(document).toSorted()).toEqual([
      'bad_condition /nodes/a/when',
      'bad_schema /input/type',
      'bad_template /nodes/fetch/with/url',
      'bad_type /state/n/default',
      'cycle /nodes/a/needs/0',
      'invalid_value /nodes/fetch/retry/maxAttempts',
      'missing_field /nodes/w/tools/t/uses',
      'missing_reference /nodes/b/needs/1',
      'self_dependency /nodes/b/needs/2',
      'undefined_state_key /nodes/b/output',
      'unknown_executor /nodes/fetch/uses',
      'unknown_key /extra',
      'unreachable_node /nodes/a',
      'unreachable_node /nodes/b',
    ]);
  });

  test('a value nested too deep is refused, however deep, and nothing overflows', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = { a: deep };
    expect(found(withNodes({ a: { ...echo, with: deep } }))[0]).toMatch(/^limit_depth \/nodes\/a\/with\/a/);
  });

  test('never throws, and is either valid or says why not, for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const { document, issues } = validateDocument(value, env);
        expect(document === undefined).toBe(issues.length > 0);
      }),
    );
  });

  test('never throws for a document whose parts are anything', () => {
    const names = [
      'a',
      'b',
      'r:a',
      '__start__',
      '__end__',
      '${a.x}',
      '{{ state.k }}',
      'state.k == 1',
      '#/properties/a',
    ];
    const objects: unknown[] = [
      { goto: 'a' },
      { cel: '1' },
      { secret: 'X' },
      { a: 'b', b: 'a' },
      { toString: 1, valueOf: 1 },
    ];
    const part = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom<unknown>(...names, ...objects, ['a', 'b']));
    const fields = (keys: string): Record<string, typeof part> =>
      Object.fromEntries(keys.split(' ').map((key) => [key, part]));
    const node = fc.record({
      type: fc.constantFrom('task', 'route', 'transform', 'send', 'wait', 'interrupt', 'x'),
      ...fields('uses with on when routes default needs updates onFailure output outputMapping items target defer'),
      ...fields('ms until signal payloadSchema answerSchema expiresMs message maxIterations'),
    });
    const document = fc.record({
      ...fields('name mode output interruptBefore'),
      input: fc.record(fields('$ref type properties allOf items required')),
      state: fc.oneof(part, fc.record({ k: part })),
      edges: fc.oneof(part, fc.array(part)),
      nodes: fc.record({ a: fc.oneof(node, part), b: node, r: node }),
    });
    fc.assert(
      fc.property(document, (value) => {
        for (const { pointer } of validateDocument(value, env).issues) expect(pointer).toMatch(/^(\/|$)/);
      }),
      { numRuns: 200 },
    );
  });
});
