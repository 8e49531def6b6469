import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '@weft/contract';
import { compileTemplate, compileUpdates } from '../../src/domain/expression/template.ts';
import type { Scope } from '../../src/domain/expression/scope.ts';
import { scopeWith, titled } from './scope-fixture.ts';

const render = (source: Json, scope: Scope = scopeWith()): Json => compileTemplate(source).render(scope);
const failsWith = (code: string): unknown => expect.objectContaining({ code });

describe('a reference in a template', () => {
  test.each([
    ['${fix}', { text: 'hi', list: [1, { y: 2 }] }],
    ['${fix.list[-1].y}', 2],
    ['${nodes.fix.text}', 'hi'],
    ['${state.n}', 3],
    ['${state.list}', [1, 2, 3]],
    ['${input.id}', 7],
    ['${config.dry}', true],
    ['${bad}', null],
    ['${bad.error.code}', 'http_500'],
    ['${bad.text}', null],
    ['${fix.error}', null],
    ['${later}', null],
    ['${later.error}', null],
    ['${state.o.x.y}', null],
    ['${item}', null],
  ])('%s alone keeps its type', (source, value) => {
    expect(render(source)).toEqual(value);
  });

  test('is printed within longer text: strings as they are, null as nothing, the rest as JSON', () => {
    expect(render('<${fix.text}|${state.n}|${state.list}|${state.o}|${later}|${config.dry}>')).toBe(
      '<hi|3|[1,2,3]|{"a":{"b":1}}||true>',
    );
    expect(render(' ${state.n}')).toBe(' 3');
  });

  test('reads the item of a send', () => {
    expect(render('${item.name}', scopeWith({ item: { name: 'x' } }))).toBe('x');
    expect(render('{{ item.name }}-${item}', scopeWith({ item: { name: 'x' } }))).toBe('x-{"name":"x"}');
  });

  test.each([
    ['$${fix}', '${fix}'],
    ['a $${fix} ${state.n}', 'a ${fix} 3'],
    ['$$${fix}', '$${fix}'],
    ['$ 5 {x}', '$ 5 {x}'],
  ])('%s: a doubled dollar stands for itself', (source, text) => {
    expect(render(source)).toBe(text);
  });

  test.each(['${', '${fix', '${}', 'x ${a:-b}', '${a[}', '${a b}}${'])('%s is bad_template', (source) => {
    expect(() => compileTemplate(source)).toThrow(failsWith('bad_template'));
  });
});

describe('B12: Liquid in a template', () => {
  test.each([
    ['{{ input.id }}', '7'],
    ['{{ nodes.fix.text | upcase }}', 'HI'],
    ['{% if state.n > 2 %}big{% else %}small{% endif %}', 'big'],
    ['{% for item in state.list %}{{ item }},{% endfor %}', '1,2,3,'],
    ['{{ state.o }} {{ state.list }} {{ state.nothing }}', '{"a":{"b":1}} [1,2,3] '],
    ['{{ state.o | raw }}', '{"a":{"b":1}}'],
    ['{% echo state.list %}', '[1,2,3]'],
    ['{{ state.missing }}|{{ nodes.later.x }}', '|'],
    ['{{ nodes.bad.error.code }}', 'http_500'],
    ['{{ state[input.key] }}', '3'],
    ['{% assign x = state.n | plus: 1 %}{{ x }}', '4'],
    ['{{ "2024-05-06T07:08:09Z" | date: "%Y-%m-%d %H:%M" }}', '2024-05-06 07:08'],
    ['{% raw %}{{ x }} ${fix}{% endraw %} ${state.n}', '{{ x }} ${fix} 3'],
    ['${{ input.id }}', '$7'],
    ['{{ "${fix}" }}', '${fix}'],
    ['{% if state.n == 3 %}${fix.text}{% endif %} $${n}', 'hi ${n}'],
  ])('%s', (source, text) => {
    expect(render(source)).toBe(text);
  });

  test('what is inserted is data and never read as a template', () => {
    const { tricky } = scopeWith().input as JsonObject;
    for (const source of [
      '${input.tricky}',
      'x{{ input.tricky }}',
      'x${input.tricky}',
      'x${input.tricky}{{ input.id }}',
    ]) {
      expect(render(source)).toContain(tricky);
    }
  });

  test('sees own members only', () => {
    const inherited = '{{ state.constructor }}{{ state.s.constructor }}{{ state.o.toString }}{{ state.__proto__ }}';
    expect(render(`<${inherited}>`)).toBe('<>');
  });

  test.each(
    [
      '{{ x',
      '{% if state.n %}',
      '{% nope %}',
      '{{ state.n | nope }}',
      '{% include "x" %}',
      '{% render "x" %}',
      '{% layout "x" %}',
      '{% block x %}{% endblock %}',
      '{{ state.list | sample }}',
      '{{ state.list | shuffle }}',
      '{{ state.list | where_exp: "x", "x > state.n" }}',
      '{{ fix.text }}',
      '{% assign state = 1 %}',
      '{% capture input %}x{% endcapture %}',
      '{{ input.id }} ${',
      `${'{% if 1 %}'.repeat(40_000)}${'{% endif %}'.repeat(40_000)}`,
      `{{ input.id }}${'x'.repeat(1_000_000)}`,
    ].map(titled),
  )('$title is refused when it is compiled', ({ source }) => {
    expect(() => compileTemplate(source)).toThrow(failsWith('bad_template'));
  });

  test.each(['now', 'today'])('%s is refused, also when it comes in as data', (word) => {
    const scope = scopeWith({ input: { word } });
    for (const filter of [
      'date: "%Y"',
      'date_to_xmlschema',
      'date_to_string',
      'date_to_long_string',
      'date_to_rfc822',
    ]) {
      expect(() => render(`{{ input.word | ${filter} }}`, scope)).toThrow(failsWith('template_failed'));
    }
  });

  test.each(
    [
      '{% for i in (1..1000) %}{% for j in (1..1000) %}{% for k in (1..1000) %}x{% endfor %}{% endfor %}{% endfor %}',
      '{% for i in (1..100000000) %}{% endfor %}',
      '{% assign x = "aaaa" %}{% for i in (1..60) %}{% capture x %}{{x}}{{x}}{% endcapture %}{% endfor %}',
      `{% for i in (1..90000) %}${'y'.repeat(1_000)}{% endfor %}`,
      '{% for i in (1..90000) %}{{ state }}{% endfor %}{% for i in (1..90000) %}{{ state }}{% endfor %}',
    ].map(titled),
  )('a template that goes on for ever is bounded: $title', ({ source }) => {
    const template = compileTemplate(source);
    expect(() => template.render(scopeWith())).toThrow(failsWith('template_failed'));
  });

  test('leaves the scope as it is', () => {
    const scope = scopeWith();
    const before = structuredClone(scope);
    render(
      '{% increment x %}{% assign y = state.list | push: 4 | reverse %}{{ state.list | sort | pop | json }}',
      scope,
    );
    expect(scope).toEqual(before);
  });
});

describe('a template', () => {
  test('without anything to compute is its own value', () => {
    const source: Json = { a: [1, 'x', null, { b: true }], 'c${d}': 'no key is read' };
    const template = compileTemplate(source);
    expect(template).toMatchObject({ isStatic: true, references: [], secretPaths: [] });
    expect(template.render(scopeWith())).toBe(source);
  });

  test('renders every string within it', () => {
    const source = {
      url: 'https://x/{{ input.id }}',
      list: ['${fix.text}', ['${state.n}']],
      fixed: { a: [1] },
      $: '$${x}',
    };
    expect(render(source)).toEqual({ url: 'https://x/7', list: ['hi', [3]], fixed: { a: [1] }, $: '${x}' });
  });

  test('says what it reads, each once and the widest only', () => {
    const source = [
      '${fix.text}',
      '{{ nodes.fix.text }}',
      '${state.o}',
      '{{ state.o.a }}',
      'x ${input} {{ input.id }}',
    ];
    const { references, isStatic } = compileTemplate(source);
    expect(isStatic).toBe(false);
    expect(references).toHaveLength(3);
    expect(references).toEqual(
      expect.arrayContaining([
        { root: 'input', path: [] },
        { root: 'state', path: ['o'] },
        { root: 'nodes', path: ['fix', 'text'] },
      ]),
    );
  });

  test.each([
    [
      '{{ state[input.key].x }}',
      [
        { root: 'state', path: [] },
        { root: 'input', path: ['key'] },
      ],
    ],
    [
      '{{ nodes[state.name] }}',
      [
        { root: 'nodes', path: [] },
        { root: 'state', path: ['name'] },
      ],
    ],
    [
      '{% for x in state.list %}{{ x.y }}{{ item }}{% endfor %}',
      [
        { root: 'state', path: ['list'] },
        { root: 'item', path: [] },
      ],
    ],
    ['{% for item in state.list %}{{ item.y }}{% endfor %}', [{ root: 'state', path: ['list'] }]],
    [
      '{% if state.a %}{{ state.b | default: state.c }}{% endif %}',
      [
        { root: 'state', path: ['a'] },
        { root: 'state', path: ['b'] },
        { root: 'state', path: ['c'] },
      ],
    ],
    ['{% raw %}${fix}{% endraw %}', []],
  ])('%s reads only %j', (source, expected) => {
    const { references } = compileTemplate(source);
    expect(references).toEqual(expect.arrayContaining(expected));
    expect(references).toHaveLength(expected.length);
  });

  test('knows the secrets that stand in it from data that looks like one', () => {
    const source = {
      headers: { 'x/y~z': { secret: 'TOKEN' } },
      list: ['${state.looksSecret}', { secret: 'KEY_2' }],
      more: { secret: 'NOT_ALONE', x: 1 },
    };
    const template = compileTemplate(source);
    expect(template.secretPaths).toEqual(['/headers/x~1y~0z', '/list/1']);
    expect(template.render(scopeWith())).toEqual({
      headers: { 'x/y~z': { secret: 'TOKEN' } },
      list: [{ secret: 'TOKEN' }, { secret: 'KEY_2' }],
      more: { secret: 'NOT_ALONE', x: 1 },
    });
    expect(() => compileTemplate({ secret: '${input.id}' })).toThrow(failsWith('bad_template'));
  });

  test('computes { cel } in updates only, at any depth', () => {
    const updates = {
      n: { cel: 'state.n + 1' },
      reset: { __overwrite: true, value: { cel: '[]' } },
      text: '${fix.text}',
    };
    const template = compileUpdates(updates);
    expect(template.render(scopeWith())).toEqual({ n: 4, reset: { __overwrite: true, value: [] }, text: 'hi' });
    expect(template.references).toEqual([
      { root: 'state', path: ['n'] },
      { root: 'nodes', path: ['fix', 'text'] },
    ]);
    expect(render({ cel: 'state.n' })).toEqual({ cel: 'state.n' });
  });

  test('says where it is at fault', () => {
    const source = { a: [{ 'b/c': '${' }], d: '{{ x' };
    expect(() => compileTemplate(source)).toThrow(
      expect.objectContaining({ code: 'bad_template', pointer: '/a/0/b~1c' }),
    );
    expect(() => compileTemplate('${')).toThrow(expect.objectContaining({ code: 'bad_template', pointer: '' }));
    expect(() => compileUpdates({ x: { cel: '1 +' } })).toThrow(
      expect.objectContaining({ code: 'bad_condition', pointer: '/x' }),
    );
    const updates = compileUpdates({ ok: 'x', x: [{ cel: 'state.missing' }] });
    expect(() => updates.render(scopeWith())).toThrow(
      expect.objectContaining({ code: 'expression_failed', pointer: '/x/0' }),
    );
  });

  test('refuses keys that reach into prototypes and depth without end', () => {
    expect(() => compileTemplate(JSON.parse('{"a":{"__proto__":"${x}"}}') as Json)).toThrow(failsWith('bad_template'));
    let deep: Json = '${fix}';
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(() => compileTemplate(deep)).toThrow(failsWith('bad_template'));
  });
});
