import { describe, expect, test } from 'vitest';
import { compileGraph } from '../../src/domain/index.ts';
import { echo, found, withNodes } from './documents.ts';

const ask = { type: 'task', prompt: 'What is {{ input.what }}?', tags: ['fast', 'cheap'] };
const agent = { type: 'agent', prompt: 'Begin', continuePrompt: 'Go on: ${state.n}', maxTurns: 3 };

const node = (fields: object) => {
  const document = withNodes({ n: fields }, { state: { n: { type: 'number' } } });
  return compileGraph({ tenant: 't', name: 'x', version: 1 }, document as never).nodes.get('n');
};

describe('nodes with a prompt', () => {
  test('are valid, as tasks and as agents', () => {
    expect(found(withNodes({ a: ask, b: { ...agent, continuePrompt: 'Go on' } }))).toEqual([]);
  });

  test('are held to what they read, and to sound schemas', () => {
    const nodes = { a: { ...ask, outputSchema: { type: 'strng' } }, b: { ...agent, system: '${nowhere}' } };
    expect(found(withNodes(nodes, { state: { n: { type: 'number' } } }))).toEqual([
      'bad_schema /nodes/a/outputSchema/type',
      'missing_reference /nodes/b/system',
    ]);
  });

  test.each([
    ['with', { ...ask, with: {} }],
    ['prompt', { ...echo, prompt: 'x' }],
    ['endpoint', { ...echo, endpoint: { pin: 'a' } }],
  ])('say %s only where it means something', (field, fields) => {
    expect(found(withNodes({ n: fields }))).toEqual([`invalid_value /nodes/n/${field}`]);
  });

  test('name what a tool does exactly once, and by a name that exists', () => {
    const tools = { a: { uses: 'echo', workflow: 'w' }, b: {}, c: { uses: 'ecko' }, d: { prompt: 'x' } };
    expect(found(withNodes({ n: { ...agent, continuePrompt: 'x', tools } })).toSorted()).toEqual([
      'invalid_value /nodes/n/tools/a/workflow',
      'missing_field /nodes/n/tools/b/uses',
      'unknown_executor /nodes/n/tools/c/uses',
    ]);
  });

  test('are done by any worker, whatever their tags, which say which endpoints', () => {
    expect(node(ask)).toMatchObject({
      type: 'task',
      uses: 'endpoint',
      lane: 'default',
      settings: { tags: ['fast', 'cheap'], endpoint: {} },
    });
    expect(node(agent)).toMatchObject({ type: 'task', uses: 'agent', stateReads: ['n'], settings: { maxTurns: 3 } });
  });

  test.each([
    ['the endpoint that they name', { endpoint: { pin: 'small' } }, 'endpoint:small'],
    ['their tags, in order', {}, 'endpoint:tags=cheap,fast'],
    ['nothing, where any will do', { tags: [] }, 'endpoint:tags='],
    ['what they say', { concurrencyKey: 'mine' }, 'mine'],
  ])('are counted by %s', (_, fields, key) => {
    expect(node({ ...ask, ...fields })?.limitKey?.render({ input: null, config: null, state: {}, nodes: {} })).toBe(
      key,
    );
  });
});
