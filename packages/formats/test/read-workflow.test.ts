import { describe, expect, test } from 'vitest';
import { readWorkflow } from '../src/index.ts';

const env = { hasExecutor: (type: string) => type === 'echo', maxNodes: 100 };

describe('reading a workflow', () => {
  test('a valid text gives the document as it was written', async () => {
    const text = 'nodes:\n  a: { type: task, uses: echo }\nname: x\n';
    const read = await readWorkflow(text, { mediaType: 'yaml', env });
    expect(read).toEqual({ ok: true, document: { nodes: { a: { type: 'task', uses: 'echo' } }, name: 'x' } });
  });

  test('an invalid one gives every error with line and column', async () => {
    const text =
      'name: x\nnodes:\n  a:\n    type: task\n    usess: echo\n  b: { type: task, uses: echo, needs: [c] }\n';
    const read = await readWorkflow(text, { mediaType: 'yaml', env });
    expect(read).toMatchObject({ ok: false, code: 'invalid_document' });
    const places = read.ok ? [] : read.errors.map((error) => [error.code, error.pointer, error.line, error.column]);
    expect(places).toEqual([
      ['unknown_key', '/nodes/a/usess', 5, 5],
      ['missing_reference', '/nodes/b/needs/0', 6, 40],
      ['missing_field', '/nodes/a/uses', 3, 3],
    ]);
  });

  test.each([
    ['{', 'unparsable'],
    ['{"a":1,"a":2}', 'invalid_document'],
    [`"${'x'.repeat(2000)}"`, 'payload_too_large'],
  ])('%j is refused as %s', async (text, code) => {
    const read = await readWorkflow(text, { mediaType: 'json', env, limits: { jsonBytes: 1000 } });
    expect(read).toMatchObject({ ok: false, code });
  });
});
