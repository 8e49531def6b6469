import { describe, expect, test } from 'vitest';
import { echo, found, withNodes } from './documents.ts';

describe('what the engine cannot run yet is refused', () => {
  test('a cost of what calls nothing', () => {
    const route = { type: 'route', on: "'a'", default: '__end__', cost: { usd: 1 } };
    expect(found(withNodes({ n: route }))).toEqual(['node_type_unsupported /nodes/n/cost']);
    expect(found(withNodes({ n: { ...echo, cost: { usd: 1, tokens: 10 } } }))).toEqual([]);
    expect(found(withNodes({ n: { ...echo, cost: { usd: -1 } } }))).toEqual(['invalid_value /nodes/n/cost/usd']);
  });

  test('a concurrencyKey of what takes no worker', () => {
    const route = { type: 'route', on: "'a'", default: '__end__', concurrencyKey: 'x' };
    expect(found(withNodes({ n: route }))).toEqual(['node_type_unsupported /nodes/n/concurrencyKey']);
    expect(found(withNodes({ n: { ...echo, concurrencyKey: '{{ input.account }}' } }))).toEqual([]);
    expect(found(withNodes({ n: { ...echo, concurrencyKey: '{{ state.nothing }}' } }))).toEqual([
      'undefined_state_key /nodes/n/concurrencyKey',
    ]);
  });

  test('a budget is not, whatever is to be done when it is used up', () => {
    const of = (onExceeded: string) => found(withNodes({ n: echo }, { budget: { usd: 1, onExceeded } }));
    expect(['fail', 'interrupt', 'fallback'].flatMap(of)).toEqual([]);
    expect(of('beg')).toEqual(['invalid_value /budget/onExceeded']);
  });

  test.each(['dataflow', 'superstep'])('mode %s and maxSteps are not', (mode) => {
    expect(found(withNodes({ n: echo }, { mode, maxSteps: 5 }))).toEqual([]);
  });
});
