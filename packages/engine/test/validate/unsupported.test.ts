import { describe, expect, test } from 'vitest';
import { unsupportedRunFields } from '../../src/domain/index.ts';
import { echo, found, withNodes } from './documents.ts';

describe('what the engine cannot run yet is refused', () => {
  test('node type agent', () => {
    const agent = { type: 'agent', prompt: 'x' };
    expect(found(withNodes({ a: echo, n: agent }))).toEqual(['node_type_unsupported /nodes/n/type']);
  });

  test('a task with a prompt instead of an executor', () => {
    expect(found(withNodes({ n: { type: 'task', prompt: 'x', tags: ['coder'] } }))).toEqual([
      'node_type_unsupported /nodes/n/prompt',
    ]);
  });

  test.each([
    ['cost', { usd: 1 }],
    ['concurrencyKey', 'x'],
  ])('field %s of a node', (field, value) => {
    expect(found(withNodes({ n: { ...echo, [field]: value } }))).toEqual([`node_type_unsupported /nodes/n/${field}`]);
  });

  test.each([
    ['budget', { usd: 1 }],
    ['mode', 'superstep'],
  ])('field %s of the document', (field, value) => {
    expect(found(withNodes({ n: echo }, { [field]: value }))).toEqual([`node_type_unsupported /${field}`]);
  });

  test('callbacks and budget of a run', () => {
    const issues = unsupportedRunFields({
      workflow: 'x',
      budget: { usd: 1 },
      callbacks: [{ url: 'http://localhost/' }],
    });
    expect(issues.map(({ pointer }) => pointer)).toEqual(['/callbacks', '/budget']);
    expect(unsupportedRunFields({ workflow: 'x', priority: 'high' })).toEqual([]);
  });

  test('mode dataflow and maxSteps are not', () => {
    expect(found(withNodes({ n: echo }, { mode: 'dataflow', maxSteps: 5 }))).toEqual([]);
  });
});
