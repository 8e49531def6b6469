import { describe, expect, test } from 'vitest';
import { echo, found, issuesOf, parsed, withNodes } from './documents.ts';

describe('the shape of a document', () => {
  test.each([
    ['null', null, ['bad_type ']],
    ['an array', [], ['bad_type ']],
    ['text', 'x', ['bad_type ']],
    ['nothing in it', {}, ['missing_field /name', 'missing_field /nodes']],
    ['no nodes', withNodes({}), ['invalid_value /nodes']],
    ['nodes as an array', { name: 'x', nodes: [echo] }, ['bad_type /nodes']],
    ['a bad name', { name: 'a/b', nodes: { a: echo } }, ['bad_name /name']],
    ['an unknown key', withNodes({ a: echo }, { nodez: 1 }), ['unknown_key /nodez']],
    ['an unknown key of a node', withNodes({ n: { ...echo, usess: 1 } }), ['unknown_key /nodes/n/usess']],
    [
      'an unknown key of a policy',
      withNodes({ n: { ...echo, retry: { max: 1 } } }),
      ['unknown_key /nodes/n/retry/max'],
    ],
    ['a key with a slash', withNodes({ n: { ...echo, 'a/b': 1 } }), ['unknown_key /nodes/n/a~1b']],
    ['a node that is none', withNodes({ n: 5 }), ['bad_type /nodes/n']],
    ['a node without type', withNodes({ n: { uses: 'echo' } }), ['missing_field /nodes/n/type']],
    ['a type that is no text', withNodes({ n: { type: 5 } }), ['bad_type /nodes/n/type']],
    ['a type that there is not', withNodes({ n: { type: 'tusk' } }), ['node_type_unsupported /nodes/n/type']],
    ['a task without executor', withNodes({ n: { type: 'task' } }), ['missing_field /nodes/n/uses']],
    ['a route without on', withNodes({ n: { type: 'route', default: '__end__' } }), ['missing_field /nodes/n/on']],
    ['a route without routes', withNodes({ n: { type: 'route', on: '1' } }), ['missing_route_edge /nodes/n/routes']],
    ['a number that is too small', withNodes({ n: { ...echo, timeoutMs: 0 } }), ['invalid_value /nodes/n/timeoutMs']],
    [
      'a number that is too large',
      withNodes({ n: { ...echo, timeoutMs: 2 ** 31 } }),
      ['invalid_value /nodes/n/timeoutMs'],
    ],
    ['half a millisecond', withNodes({ n: { ...echo, timeoutMs: 1.5 } }), ['bad_type /nodes/n/timeoutMs']],
    [
      '101 attempts',
      withNodes({ n: { ...echo, retry: { maxAttempts: 101 } } }),
      ['invalid_value /nodes/n/retry/maxAttempts'],
    ],
    ['a word that is not one of the set', withNodes({ n: { ...echo, join: 'some' } }), ['invalid_value /nodes/n/join']],
    ['a wrong onFailure', withNodes({ n: { ...echo, onFailure: 'fialRun' } }), ['invalid_value /nodes/n/onFailure']],
    [
      'a misspelt goto',
      withNodes({ n: { ...echo, onFailure: { gto: 'n' } } }),
      ['missing_field /nodes/n/onFailure/goto', 'unknown_key /nodes/n/onFailure/gto'],
    ],
    ['an edge of three', withNodes({ a: echo }, { edges: [['__start__', 'a', 'b']] }), ['invalid_value /edges/0']],
    ['an edge that is none', withNodes({ a: echo }, { edges: ['a'] }), ['bad_type /edges/0']],
    ['a node name with a dot', withNodes({ 'a.b': echo }), ['bad_name /nodes/a.b']],
    ['a reserved node name', withNodes({ __start__: echo }), ['bad_name /nodes/__start__']],
    ['a node named constructor', withNodes({ constructor: echo }), ['bad_name /nodes/constructor']],
    [
      'a state key of the engine',
      withNodes({ a: echo }, { state: { __meta: { type: 'any' } } }),
      ['bad_name /state/__meta'],
    ],
    [
      'an unknown reducer',
      withNodes({ a: echo }, { state: { k: { type: 'any', reducer: 'sum' } } }),
      ['invalid_value /state/k/reducer'],
    ],
  ])('with %s is refused at its place', (_, document, expected) => {
    expect(found(document)).toEqual(expected);
  });

  test('names that reach into a prototype are refused wherever they stand', () => {
    expect(found(parsed('{"name":"x","nodes":{"__proto__":{"type":"task","uses":"echo"}}}'))).toContain(
      'bad_name /nodes/__proto__',
    );
    const input = parsed('{"name":"x","nodes":{"a":{"type":"task","uses":"echo","with":{"l":[{"__proto__":1}]}}}}');
    expect(found(input)).toEqual(['bad_name /nodes/a/with/l/0/__proto__']);
    const state = parsed(
      '{"name":"x","state":{"prototype":{"type":"any"}},"nodes":{"a":{"type":"task","uses":"echo"}}}',
    );
    expect(found(state)).toEqual(['bad_name /state/prototype']);
  });

  test('a node with a bad name is looked at all the same', () => {
    expect(found(withNodes({ 'a.b': { ...echo, usess: 1 } }))).toEqual([
      'bad_name /nodes/a.b',
      'unknown_key /nodes/a.b/usess',
    ]);
  });

  test.each([
    [withNodes({ n: { ...echo, usess: 1 } }), 'uses'],
    [withNodes({ a: echo }, { nodez: 1 }), 'nodes'],
    [withNodes({ a: echo }, { defaults: { timeoutMS: 1 } }), 'timeoutMs'],
    [withNodes({ n: { type: 'tsk' } }), 'task'],
    [withNodes({ n: { ...echo, join: 'al' } }), 'all'],
    [withNodes({ n: { type: 'task', uses: 'ecko' } }), 'echo'],
    [withNodes({ fetch: echo, b: { ...echo, needs: ['fecth'] } }), 'fetch'],
  ])('%j: the message says what was probably meant', (document, meant) => {
    expect(issuesOf(document)[0]?.message).toContain(`did you mean "${meant}"?`);
  });
});
