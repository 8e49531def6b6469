import { describe, expect, test } from 'vitest';
import { unsupportedRunFields } from '../../src/domain/index.ts';
import { echo, found, withNodes } from './documents.ts';

describe('what the engine cannot run yet is refused', () => {
  test.each([['cost', { usd: 1 }]])('field %s of a node', (field, value) => {
    expect(found(withNodes({ n: { ...echo, [field]: value } }))).toEqual([`node_type_unsupported /nodes/n/${field}`]);
  });

  test('a concurrencyKey of what takes no worker', () => {
    const route = { type: 'route', on: "'a'", default: '__end__', concurrencyKey: 'x' };
    expect(found(withNodes({ n: route }))).toEqual(['node_type_unsupported /nodes/n/concurrencyKey']);
    expect(found(withNodes({ n: { ...echo, concurrencyKey: '{{ input.account }}' } }))).toEqual([]);
    expect(found(withNodes({ n: { ...echo, concurrencyKey: '{{ state.nothing }}' } }))).toEqual([
      'undefined_state_key /nodes/n/concurrencyKey',
    ]);
  });

  test('field budget of the document', () => {
    expect(found(withNodes({ n: echo }, { budget: { usd: 1 } }))).toEqual(['node_type_unsupported /budget']);
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

  test.each(['dataflow', 'superstep'])('mode %s and maxSteps are not', (mode) => {
    expect(found(withNodes({ n: echo }, { mode, maxSteps: 5 }))).toEqual([]);
  });
});
