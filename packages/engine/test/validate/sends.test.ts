import { describe, expect, test } from 'vitest';
import { echo, found, issuesOf, withNodes } from './documents.ts';

const send = { type: 'send', items: '${input.list}', target: 'one' };

describe('the target of a send', () => {
  test.each([
    ['a task', echo],
    ['a transform', { type: 'transform', updates: {} }],
    ['a subgraph', { type: 'subgraph', workflow: 'child', input: '${item}' }],
    ['a wait', { type: 'wait', ms: 5 }],
    ['an interrupt', { type: 'interrupt' }],
    ['a send', { type: 'send', items: '${item}', target: 'leaf' }],
  ])('may be %s', (_, one) => {
    expect(found(withNodes({ s: send, one, leaf: echo }))).toEqual([]);
  });

  test('may be shared by several sends', () => {
    expect(found(withNodes({ s: send, t: { ...send, needs: ['s'] }, one: echo }))).toEqual([]);
  });

  test.each([
    ['a node that there is not', withNodes({ s: send }), ['invalid_send_target /nodes/s/target']],
    ['itself', withNodes({ s: { ...send, target: 's' } }), ['invalid_send_target /nodes/s/target']],
    [
      'a route',
      withNodes({ s: send, one: { type: 'route', on: '1', default: '__end__' } }),
      ['invalid_send_target /nodes/s/target'],
    ],
    [
      'a send that leads back',
      withNodes({ s: send, one: { ...send, target: 'two' }, two: { ...send, target: 'one' } }),
      ['invalid_send_target /nodes/two/target'],
    ],
  ])('cannot be %s', (_, document, expected) => {
    expect(found(document)).toEqual(expected);
  });

  test('has no edges of its own, in or out', () => {
    const nodes = {
      s: send,
      one: { ...echo, needs: ['s'], onFailure: { goto: 'rescue' } },
      collect: { ...echo, needs: ['one'] },
      rescue: echo,
    };
    const issues = issuesOf(withNodes(nodes, { edges: [['__start__', 'one']] }));
    expect(issues.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      'invalid_send_target /nodes/one/needs/0',
      'invalid_send_target /nodes/collect/needs/0',
      'invalid_send_target /edges/0',
      'invalid_send_target /nodes/one/onFailure/goto',
    ]);
    expect(issues[1]?.message).toContain('subgraph');
  });

  test.each([
    ['text', 'a,b', 'invalid_value'],
    ['text with a reference', 'all of ${input.list}', 'invalid_value'],
    ['Liquid', '{{ input.list }}', 'invalid_value'],
    ['an object', { a: 1 }, 'bad_type'],
    ['a number', 3, 'bad_type'],
  ])('gets no items from %s', (_, items, code) => {
    expect(found(withNodes({ s: { ...send, items }, one: echo }))).toEqual([`${code} /nodes/s/items`]);
  });

  test('gets them from an array', () => {
    expect(found(withNodes({ s: { ...send, items: [1, '${input.x}', { y: '{{ input.z }}' }] }, one: echo }))).toEqual(
      [],
    );
  });
});
