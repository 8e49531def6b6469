import { describe, expect, test } from 'vitest';
import { echo, found, withNodes } from './documents.ts';

const state = { n: { type: 'number' }, list: { type: 'array' } };
const task = (fields: object): unknown => withNodes({ a: echo, b: { ...echo, needs: ['a'], ...fields } }, { state });
const transform = (updates: object): unknown =>
  withNodes({ a: echo, t: { type: 'transform', needs: ['a'], updates } }, { state });

describe('templates and conditions', () => {
  test.each([
    [
      'a template that does not compile',
      task({ with: { deep: ['{{ input.x'] } }),
      ['bad_template /nodes/b/with/deep/0'],
    ],
    ['an unknown filter', task({ with: { x: '{{ input.x | shout }}' } }), ['bad_template /nodes/b/with/x']],
    ['a node that there is not', task({ with: { x: '${zz.y}' } }), ['missing_reference /nodes/b/with/x']],
    ['a node that there is not, in Liquid', task({ with: '{{ nodes.zz.y }}' }), ['missing_reference /nodes/b/with']],
    ['an undeclared state key', task({ with: { x: '${state.m}' } }), ['undefined_state_key /nodes/b/with/x']],
    [
      'an undeclared state key, in Liquid',
      task({ with: { x: '{{ state.m }}' } }),
      ['undefined_state_key /nodes/b/with/x'],
    ],
    ['a condition that does not compile', task({ when: 'input.x ==' }), ['bad_condition /nodes/b/when']],
    ['a condition on a node that there is not', task({ when: 'nodes.zz.x == 1' }), ['missing_reference /nodes/b/when']],
    ['a condition on an undeclared key', task({ when: 'state.m > 1' }), ['undefined_state_key /nodes/b/when']],
    [
      'a route on an undeclared key',
      withNodes({ r: { type: 'route', on: 'state.m', default: '__end__' } }),
      ['undefined_state_key /nodes/r/on'],
    ],
    ['the output of the run', withNodes({ a: echo }, { output: { x: '${zz}' } }), ['missing_reference /output/x']],
    ['an update that does not compile', transform({ n: { cel: '1 +' } }), ['bad_condition /nodes/t/updates/n']],
    [
      'an update from an undeclared key',
      transform({ n: { cel: 'state.m + 1.0' } }),
      ['undefined_state_key /nodes/t/updates/n'],
    ],
    ['an update of an undeclared key', transform({ m: 1 }), ['undefined_state_key /nodes/t/updates/m']],
    ['an output to an undeclared key', task({ output: 'm' }), ['undefined_state_key /nodes/b/output']],
    [
      'a mapping to an undeclared key',
      task({ outputMapping: { m: 'a' } }),
      ['undefined_state_key /nodes/b/outputMapping/m'],
    ],
    [
      'a mapping from what is no path',
      task({ outputMapping: { n: 'a..b' } }),
      ['bad_template /nodes/b/outputMapping/n'],
    ],
    ['a secret without a name', task({ with: { key: { secret: 'a b' } } }), ['bad_template /nodes/b/with/key']],
  ])('%s is told at its place', (_, document, expected) => {
    expect(found(document)).toEqual(expected);
  });

  test('what is well written passes', () => {
    const fields = {
      when: 'input.x == 1 && state.n > 2 && has(nodes.a.x)',
      with: { text: 'Hi {{ input.name }}', whole: '${a}', key: { secret: 'TOKEN' }, cel: '1 +', plain: ['x', 1, null] },
      output: 'n',
      outputMapping: { list: 'items[-1].name' },
    };
    expect(found(task(fields))).toEqual([]);
    expect(found(transform({ n: { cel: 'state.n + 1.0' }, list: '${a.items}' }))).toEqual([]);
  });
});

const fan = (fields: object, target: object = echo): unknown =>
  withNodes({
    all: { type: 'send', items: '${input.list}', target: 'one' },
    one: target,
    other: { ...echo, ...fields },
  });

describe('an item', () => {
  test.each([
    ['a reference', { with: { x: '${item.x}' } }, 'with/x'],
    ['Liquid', { with: '{{ item }}' }, 'with'],
    ['a condition', { when: 'item.x > 1' }, 'when'],
  ])('is not there outside of the target of a send: %s', (_, fields, place) => {
    expect(found(fan(fields))).toEqual([`item_out_of_scope /nodes/other/${place}`]);
    expect(found(fan({}, { ...echo, ...fields }))).toEqual([]);
  });

  test('may be read by a send that is the target of another, and not by the output of the run', () => {
    expect(found(fan({}, { type: 'send', items: '${item.children}', target: 'other' }))).toEqual([]);
    expect(found(withNodes({ a: echo }, { output: '${item}' }))).toEqual(['item_out_of_scope /output']);
  });

  test('is another thing where a template or a condition names its own variable so', () => {
    expect(found(fan({ with: '{% for item in input.list %}{{ item.x }}{% endfor %}' }))).toEqual([]);
    expect(found(fan({ when: 'input.list.exists(item, item.x == 1)' }))).toEqual([]);
  });
});

describe('templates of every node type', () => {
  test.each([
    ['interrupt', { type: 'interrupt', message: 'Ship {{ state.gone }}?' }, 'message'],
    ['wait', { type: 'wait', until: '${state.gone}' }, 'until'],
    ['subgraph', { type: 'subgraph', workflow: 'child', input: { x: '${state.gone}' } }, 'input/x'],
    ['send', { type: 'send', items: '${state.gone}', target: 'a' }, 'items'],
  ])('%s: an undeclared state key is told', (_, node, place) => {
    expect(found(withNodes({ a: echo, n: node }))).toEqual([`undefined_state_key /nodes/n/${place}`]);
  });
});

describe('what the engine itself keeps in the state', () => {
  test.each(['step', 'is_last_step', 'remaining_steps', 'run_id', 'node_name'])('__meta.%s may be read', (name) => {
    const fields = {
      with: [`\${state.__meta.${name}}`, `{{ state.__meta.${name} }}`],
      when: `state.__meta.${name} != null`,
    };
    expect(found(task(fields))).toEqual([]);
  });

  test('has no other members', () => {
    expect(found(task({ with: '${state.__meta.steps}' }))).toEqual(['undefined_state_key /nodes/b/with']);
    expect(found(task({ with: '${state.__other}' }))).toEqual(['undefined_state_key /nodes/b/with']);
  });

  test('cannot be declared or written', () => {
    expect(found(withNodes({ a: echo }, { state: { __x: { type: 'any' } } }))).toEqual(['bad_name /state/__x']);
    expect(found(transform({ __meta: 1 }))).toContain('bad_name /nodes/t/updates/__meta');
  });
});

describe('state', () => {
  test.each([
    ['number', 'x', 'bad_type'],
    ['string', 1, 'bad_type'],
    ['array', {}, 'bad_type'],
    ['object', [], 'bad_type'],
    ['boolean', 0, 'bad_type'],
  ])('a default of type %s is not %j', (type, value, code) => {
    expect(found(withNodes({ a: echo }, { state: { k: { type, default: value } } }))).toEqual([
      `${code} /state/k/default`,
    ]);
  });

  test.each([
    ['number', 1],
    ['array', []],
    ['any', 'x'],
    ['object', null],
  ])('a default of type %s may be %j', (type, value) => {
    expect(found(withNodes({ a: echo }, { state: { k: { type, default: value } } }))).toEqual([]);
  });
});

describe('executors', () => {
  test('one that there is not is refused', () => {
    expect(found(withNodes({ a: { type: 'task', uses: 'htp' } }))).toEqual(['unknown_executor /nodes/a/uses']);
  });

  test('a handler is valid although nobody offers it', () => {
    expect(found(withNodes({ a: { type: 'task', uses: 'handler:sendMail' } }))).toEqual([]);
    expect(found(withNodes({ a: { type: 'task', uses: 'handler:' } }))).toEqual(['unknown_executor /nodes/a/uses']);
  });
});
