import { describe, expect, test } from 'vitest';

import { documentPointer, taskDocument } from '../src/task-document.ts';

describe('a single task as a document', () => {
  test('plain data becomes the input, so that tasks of one kind share one document', () => {
    const one = taskDocument({ uses: 'http', with: { url: 'http://127.0.0.1/1' } });
    const two = taskDocument({ uses: 'http', with: { url: 'http://127.0.0.1/2', body: 'a } and a {' } });
    expect(one.document).toEqual(two.document);
    expect(one.document['nodes']).toEqual({ task: { type: 'task', uses: 'http', with: '${input}' } });
    expect(one.input).toEqual({ url: 'http://127.0.0.1/1' });
  });

  test.each(['{{ input.x }}', 'a ${input.x}', '$${not}', '{% if x %}{% endif %}', { secret: 'KEY' }, [{ a: '{{1}}' }]])(
    '%j stays in a document of its own',
    (template) => {
      const { document, input } = taskDocument({ uses: 'http', with: { template } });
      expect(document['nodes']).toEqual({ task: { type: 'task', uses: 'http', with: { template } } });
      expect(input).toEqual({});
    },
  );

  test('what an executor wants as it is written stays in the document', () => {
    const command = ['node', 'server.mjs'];
    const { document, input } = taskDocument({ uses: 'mcp', with: { command, tool: 'add' } });
    expect(document['nodes']).toEqual({ task: { type: 'task', uses: 'mcp', with: { command, tool: 'add' } } });
    expect(input).toEqual({});
  });

  test('an input beside with is what the templates read', () => {
    const { document, input } = taskDocument({ uses: 'echo', with: 'x', input: { a: 1 }, tags: ['gpu'] });
    expect(document['nodes']).toEqual({ task: { type: 'task', uses: 'echo', with: 'x', tags: ['gpu'] } });
    expect(input).toEqual({ a: 1 });
  });

  test('without uses it is the handler of the agent type with the payload', () => {
    const { document, input } = taskDocument({ agentType: 'DEVELOPER', payload: { job: 1 } });
    expect(document).toMatchObject({ name: 'task:handler:DEVELOPER', nodes: { task: { uses: 'handler:DEVELOPER' } } });
    expect(input).toEqual({ job: 1 });
  });

  test('errors of the document point at the keys of the request', () => {
    const ofUses = documentPointer({ uses: 'x' });
    expect(ofUses('/nodes/task/uses')).toBe('/uses');
    expect(ofUses('/nodes/task/with/a~1b')).toBe('/with/a~1b');
    expect(ofUses('/name')).toBe('');
    expect(documentPointer({ agentType: 'a b' })('/nodes/task/uses')).toBe('/agentType');
  });
});
