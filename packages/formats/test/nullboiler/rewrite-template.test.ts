import type { Json, JsonObject } from '@weft/contract';
import { compileTemplate } from '@weft/engine/domain';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imported, importedNode } from './imported.ts';

const STATE: JsonObject = {
  name: 'Ada',
  empty: '',
  zero: 0,
  three: 3,
  no: false,
  yes: true,
  none: [],
  list: ['a', { b: 'c' }],
  object: { x: { y: 1 }, 'odd key': 'odd' },
  bare: {},
  textZero: '0',
  textFalse: 'false',
};
const INPUT: JsonObject = { goal: 'fly', deep: { er: [1, 2] } };
const CONFIG: JsonObject = { tone: 'dry' };
const SCHEMA = Object.fromEntries(Object.keys(STATE).map((key) => [key, { type: 'any' }]));

/** What the imported prompt prints. */
function printed(template: string, item?: Json): string {
  const { node } = importedNode({ type: 'task', prompt_template: template }, { state_schema: SCHEMA });
  const { prompt } = node as { prompt: string };
  const scope = { input: INPUT, state: STATE, config: CONFIG, nodes: {}, ...(item !== undefined && { item }) };
  const text = compileTemplate(prompt).render(scope);
  if (typeof text !== 'string') throw new TypeError('a prompt is text');
  return text;
}

describe('a template', () => {
  test.each([
    ['Hello {{state.name}}, {{ input.goal }} {{config.tone}}', 'Hello Ada, fly dry'],
    [
      '{{state.three}} {{state.yes}} {{state.list}} {{state.object}}',
      '3 true ["a",{"b":"c"}] {"x":{"y":1},"odd key":"odd"}',
    ],
    ['{{state.list[0]}} {{state.list[-1].b}} {{input.deep.er[1]}}', 'a c 2'],
    ['<{{state.list[9]}}{{state.object.gone}}{{input.gone.deeper}}{{config.gone}}>', '<>'],
    ['{{state.object.odd key}}', 'odd'],
    ['{{state.name[0]}}{{state.name.size}}{{state.list.first}}', ''],
    ['{{state.list[0]}}', 'a'],
    ['$${{state.list[0]}}', '$$a'],
    ['{{state.list[1]}}', '{"b":"c"}'],
    ['<{{state}}{{nothing.known}}{{}}>', '<>'],
    ['costs ${{state.three}} and ${x} and $${y}', 'costs $3 and ${x} and $${y}'],
    ['{"a":{{state.three}}}', '{"a":3}'],
    ['{{{state.three}}}', '}'],
    ['open {{state.name', 'open {{state.name'],
    ['{% for x in y %}{{state.name}}{% endfor %}', '{% for x in y %}Ada{% endfor %}'],
    ['{% if %}x{% endif %}', '{% if %}x{% endif %}'],
    ['${{nope.x}}{y}', '${y}'],
    ['end {', 'end {'],
    ['{% raw %}{{state.name}}{% endraw %}', '{% raw %}Ada{% endraw %}'],
  ])('%j prints what NullBoiler prints', (template, text) => {
    expect(printed(template)).toBe(text);
  });

  test.each([
    ['name', true],
    ['three', true],
    ['yes', true],
    ['list', true],
    ['object', true],
    ['bare', true],
    ['empty', false],
    ['zero', false],
    ['no', false],
    ['none', false],
    ['textZero', false],
    ['textFalse', false],
    ['object.gone', false],
  ])('the truth of state.%s is that of NullBoiler: %s', (path, isTrue) => {
    expect(printed(`{% if state.${path} %}yes{% else %}no{% endif %}`)).toBe(isTrue ? 'yes' : 'no');
  });

  test('conditions nest, and an unknown one is false', () => {
    const inner = '{% if state.no %}1{% else %}{% if state.yes %}2{% endif %}{% endif %}';
    expect(printed(`{% if state.name %}${inner}{% endif %}{% if gone %}3{% else %}4{% endif %}`)).toBe('24');
  });

  test('an item is there whole and by its parts', () => {
    expect(printed('{{item}} {{item.a}} {{item.b[-1]}}', { a: 1, b: [2, 3] })).toBe('{"a":1,"b":[2,3]} 1 3');
  });

  test.each([['{% if state.name %}x'], ['{% if state.name'], ['{% if a %}1{% else %}2{% else %}3{% endif %}']])(
    '%j, which fails its node there, is an error',
    (template) => {
      expect(importedNode({ prompt_template: template }).errors).toEqual(['bad_template /nodes/n/prompt_template']);
    },
  );

  test.each([
    ['{{store.prefs.theme}}', 'store_template'],
    ['{{task.title}}', 'unknown_expression'],
    ['{{attempt}}', 'unknown_expression'],
    ['{{state.__meta.step}}', 'managed_value'],
    ['{{state.gone}}', 'undeclared_state_key'],
    ['{{state.a[x]}}', 'bad_path'],
    ['{% for x %}', 'literal_tag'],
  ])('%j is told as %s', (template, code) => {
    expect(importedNode({ prompt_template: template }).report).toContain(`${code} /nodes/n/prompt_template`);
  });

  test('the configuration of a run has two names', () => {
    expect(printed('{{state.__config.tone}}')).toBe('dry');
  });

  test('any text prints the same', { timeout: 60_000 }, () => {
    const piece = fc.constantFrom(
      '$', '{', '}', '%', '{{', '}}', '{%', '%}', '${', '$$', ' ', 'x', '\n', '"', "'", '\\',
      '{{state.name}}', '{{ state.list[-1].b }}', '{{gone}}', '{% if state.name %}', '{% if state.none %}',
      '{% else %}', '{% endif %}', '{% raw %}', '{% endraw %}', '{% comment %}', '{%- if state.yes -%}', '{{- x -}}',
    ); // prettier-ignore
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const template = pieces.join('');
        const expected = expectedText(template);
        fc.pre(expected !== undefined);
        expect(printed(template)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test('an error names the place in the document', () => {
    expect(imported({ id: 'a', steps: [{ id: 's', prompt_template: '{% if x %}' }] }).errors).toEqual([
      'bad_template /steps/0/prompt_template',
    ]);
  });
});

const FALSE = new Set(['', 'false', '0', 'null', '[]']);

/** The rules of NullBoiler once more, by recursion over what it does: conditions first, then expressions, piece by piece. */
function expectedText(template: string): string | undefined {
  const tokens = template.split(/(\{%[\s\S]*?%\})/);
  if (tokens.some((token, index) => index % 2 === 0 && token.includes('{%'))) return undefined;
  let at = 0;
  const branch = (depth: number): { text: string; end: string } => {
    let text = '';
    while (at < tokens.length) {
      const token = tokens[at] ?? '';
      const tag = at % 2 === 1 ? token.slice(2, -2).trim() : null;
      at += 1;
      if (tag === null) text += substituted(token);
      else if (tag.startsWith('if ')) text += conditional(tag.slice(3), depth);
      else if (depth > 0 && (tag === 'else' || tag === 'endif')) return { text, end: tag };
      else text += token;
    }
    return { text, end: '' };
  };
  const conditional = (expression: string, depth: number): string => {
    const yes = branch(depth + 1);
    const no = yes.end === 'else' ? branch(depth + 1) : { text: '', end: yes.end };
    if (no.end !== 'endif') throw new Unfinished();
    return FALSE.has(valueOf(expression.trim())) ? no.text : yes.text;
  };
  try {
    return branch(0).text;
  } catch (error) {
    if (error instanceof Unfinished) return undefined;
    throw error;
  }
}

class Unfinished extends Error {}

function substituted(text: string): string {
  return text.replaceAll(/\{\{([\s\S]*?)\}\}/g, (_, expression: string) => valueOf(expression.trim()));
}

function valueOf(expression: string): string {
  const known: Record<string, string> = {
    'state.name': 'Ada',
    'state.list[-1].b': 'c',
    'state.none': '[]',
    'state.yes': 'true',
  };
  return known[expression] ?? '';
}
