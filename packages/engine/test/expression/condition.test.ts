import { describe, expect, test } from 'vitest';
import { compileCondition } from '../../src/domain/expression/condition.ts';
import { ExpressionError } from '../../src/domain/expression/expression-error.ts';
import { scopeWith, titled } from './scope-fixture.ts';

const evaluate = (source: string): unknown => compileCondition(source).evaluate(scopeWith());
const references = (source: string): unknown => compileCondition(source).references;

function failureOf(run: () => unknown): ExpressionError | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  return undefined;
}

describe('B11: a condition', () => {
  test.each([
    ['state.n == 3', true],
    ['state.n > 2 && state.s == "abc"', true],
    ['state.n + 1', 4],
    ['1 + state.n', 4],
    ['state.n - 1 == 2 && 5 - state.n == 2', true],
    ['state.n * 2 == 6 && 2 * state.n == 6', true],
    ['state.n / 2', 1.5],
    ['3 / state.n', 1],
    ['state.n % 2 == 1 && 5 % state.n == 2 && state.n % 2.5 == 0.5', true],
    ['size(state.list) + state.n', 6],
    ['size(state.list)', 3],
    ['state.n in [1, 2, 3]', true],
    ['"a" in state.mixed', true],
    ['state.list[state.n - 1]', 3],
    ['state.list + [4]', [1, 2, 3, 4]],
    ['{"a": 1, "b": state.s}', { a: 1, b: 'abc' }],
    ['state.list.filter(x, x > 1).map(x, x * 2)', [4, 6]],
    ['state.objects.exists(o, has(o.b) && o.b == 3)', true],
    ['state.s.substring(state.n - 2)', 'bc'],
    ['state.s.substring(0, state.n - 1)', 'ab'],
    ['state.o', { a: { b: 1 } }],
    ['input.id == 7 && config.dry', true],
    ['timestamp("2024-01-01T00:00:00Z") + duration("1h")', '2024-01-01T01:00:00.000Z'],
  ])('%s gives %j', (source, value) => {
    expect(evaluate(source)).toEqual(value);
  });

  test('sees the output of a node, { error } of a failed one and null for one that has not settled', () => {
    expect(evaluate('nodes.fix.text')).toBe('hi');
    expect(evaluate('has(nodes.bad.error) && nodes.bad.error.code == "http_500"')).toBe(true);
    expect(evaluate('nodes.later == null')).toBe(true);
    expect(evaluate('has(nodes.later.text)')).toBe(false);
    expect(evaluate('nodes.all(name, name in ["fix", "bad"])')).toBe(true);
  });

  test.each([
    'state.missing',
    'state.o.a.x',
    'state.list[9]',
    'item.x',
    'state.nothing + 1',
    '!state.n',
    'state.n ? 1 : 2',
    'state.n / 0',
    '1 / 0',
    'bytes("a")',
    'type(1)',
    'state.constructor',
    'state.s.substring(9.5)',
  ])('%s is expression_failed', (source) => {
    const condition = compileCondition(source);
    expect(failureOf(() => condition.evaluate(scopeWith()))).toMatchObject({ code: 'expression_failed' });
  });

  test('can ask whether a key is there', () => {
    expect(evaluate('has(state.missing)')).toBe(false);
    expect(evaluate('has(state.o.a)')).toBe(true);
  });

  test('that decides gives true or false and nothing else', () => {
    expect(compileCondition('state.n == 3').evaluateBoolean(scopeWith())).toBe(true);
    expect(compileCondition('state.n != 3').evaluateBoolean(scopeWith())).toBe(false);
    for (const source of ['state.n', 'state.nothing', 'state.s', 'state.list']) {
      const condition = compileCondition(source);
      expect(failureOf(() => condition.evaluateBoolean(scopeWith()))).toMatchObject({ code: 'expression_failed' });
    }
  });

  test.each(
    [
      '',
      'state.n ==',
      'unknown == 1',
      'foo(1)',
      'state.s.matches("(a+)+$")',
      'state.list.exists(x, x.matches("a"))',
      '"a" + 1',
      '1 ? 2 : 3',
      `${'('.repeat(100)}1${')'.repeat(100)}`,
      `[${'1,'.repeat(300)}1]`,
      `1${' + 1'.repeat(1_500)}`,
      `"${'x'.repeat(10_000)}"`,
    ].map(titled),
  )('B11: $title is refused when it is compiled', ({ source }) => {
    expect(failureOf(() => compileCondition(source))).toMatchObject({ code: 'bad_condition' });
  });

  test('keeps no trace of one evaluation in the next', () => {
    const condition = compileCondition('state.list.map(x, x + 1)');
    const first = condition.evaluate(scopeWith());
    expect(condition.evaluate(scopeWith({ state: { list: [5] } }))).toEqual([6]);
    expect(first).toEqual([2, 3, 4]);
  });
});

describe('B11: the cost of an evaluation', () => {
  const list = Array.from({ length: 3_000 }, (_, i) => i);
  const scope = scopeWith({ state: { list, same: [...list], long: 'x'.repeat(100_000) } });

  test.each(
    [
      'state.list.exists(x, state.list.exists(y, x + y == -1))',
      'state.list.map(x, state.list.map(y, state.list.map(z, 1)))',
      'state.list.all(x, x in state.list)',
      'state.list.all(x, state.list == state.same)',
      'state.list.all(x, state.long.contains("y") == false)',
      'cel.bind(a, state.list + state.list, cel.bind(b, a + a, cel.bind(c, b + b, cel.bind(d, c + c, cel.bind(e, d + d, cel.bind(f, e + e, cel.bind(g, f + f, cel.bind(h, g + g, cel.bind(i, h + h, i)))))))))',
      'state.list.exists(x, state.list.exists(y, x + y == -1)) || true',
    ].map(titled),
  )('is bounded: $title', ({ source }) => {
    const condition = compileCondition(source);
    const failure = failureOf(() => condition.evaluate(scope));
    expect(failure).toMatchObject({ code: 'expression_failed', message: expect.stringContaining('steps') });
  });

  test('leaves room for a loop over a long list, each time anew', () => {
    const condition = compileCondition('state.list.filter(x, x % 2 == 0).size() + state.list.map(x, x + 1)[0]');
    for (let i = 0; i < 200; i++) expect(condition.evaluate(scope)).toBe(1_501);
  });
});

describe('the references of a condition', () => {
  test.each([
    [
      'state.n > 1 && nodes.fix.text == "x"',
      [
        { root: 'state', path: ['n'] },
        { root: 'nodes', path: ['fix', 'text'] },
      ],
    ],
    [
      'state["n"] + nodes["my node"].list[0].y',
      [
        { root: 'state', path: ['n'] },
        { root: 'nodes', path: ['my node', 'list', 0, 'y'] },
      ],
    ],
    [
      'state[input.key].x',
      [
        { root: 'state', path: [] },
        { root: 'input', path: ['key'] },
      ],
    ],
    ['nodes.exists(n, n == "a")', [{ root: 'nodes', path: [] }]],
    ['state.list.map(item, item.x)', [{ root: 'state', path: ['list'] }]],
    [
      'state.list.map(x, item.x + x)',
      [
        { root: 'state', path: ['list'] },
        { root: 'item', path: ['x'] },
      ],
    ],
    ['cel.bind(state, input.a, state.b)', [{ root: 'input', path: ['a'] }]],
    [
      'has(state.o.a) ? [state.o] : [{"k": config.dry}]',
      [
        { root: 'state', path: ['o'] },
        { root: 'config', path: ['dry'] },
      ],
    ],
    ['1 + 1 == 2', []],
  ])('%s', (source, expected) => {
    expect(references(source)).toEqual(expect.arrayContaining(expected));
    expect(references(source)).toHaveLength(expected.length);
  });
});
