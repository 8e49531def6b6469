import { describe, expect, test } from 'vitest';

import { compileTemplate, validateDocument } from '../../src/domain/index.ts';
import { literalProblems } from '../../src/domain/literal-fields.ts';
import { env, withNodes } from './documents.ts';

const knows = { ...env, hasExecutor: () => true };

function found(uses: string, given: unknown): string[] {
  const { issues } = validateDocument(withNodes({ a: { type: 'task', uses, with: given } }), knows);
  return issues.map(({ code, pointer }) => `${code} ${pointer}`);
}

describe('what decides on what is done stands in the document as it is', () => {
  const connection = { secret: 'SHOP' };

  test.each([
    ['a template', { connection, statement: 'select {{ input.x }}' }, ['literal_needed /nodes/a/with/statement']],
    [
      'a tag',
      { connection, statement: 'select 1 {% if true %}{% endif %}' },
      ['literal_needed /nodes/a/with/statement'],
    ],
    ['a reference in it', { connection, statement: 'select ${input.x}' }, ['literal_needed /nodes/a/with/statement']],
    ['a reference', { connection, statement: '${input.sql}' }, ['literal_needed /nodes/a/with/statement']],
    [
      'a mode from outside',
      { connection, statement: 'x', readOnly: '${input.ro}' },
      ['literal_needed /nodes/a/with/readOnly'],
    ],
    [
      'a connection in clear text',
      { connection: 'postgres://u:p@h/d', statement: 'x' },
      ['literal_needed /nodes/a/with/connection'],
    ],
    [
      'a connection from outside',
      { connection: '${input.c}', statement: 'x' },
      ['literal_needed /nodes/a/with/connection'],
    ],
    ['no connection', { statement: 'select 1' }, ['literal_needed /nodes/a/with/connection']],
  ])('a statement with %s is refused', (_what, given, issues) => {
    expect(found('sql', given)).toEqual(issues);
  });

  test('all of it from outside is refused for each of them', () => {
    expect(found('sql', '${input}')).toHaveLength(4);
    expect(found('mcp', '${input}')).toEqual(['literal_needed /nodes/a/with/command']);
  });

  test('values come from outside', () => {
    expect(found('sql', { connection, statement: 'select $1, $2', params: ['${input.x}', '{{ input.y }}'] })).toEqual(
      [],
    );
    expect(found('http', '${input}')).toEqual([]);
  });

  test('a program is not chosen by data, nor are its arguments', () => {
    expect(found('mcp', { command: ['node', '${input.file}'], tool: 'x' })).toEqual([
      'literal_needed /nodes/a/with/command',
    ]);
    expect(found('mcp', { command: ['node', 'a.mjs'], tool: '${input.tool}' })).toEqual([]);
  });

  test('what was put together elsewhere is held to the same', () => {
    expect(literalProblems('sql', compileTemplate('${input}')).map(({ pointer }) => pointer)).toEqual([
      '/statement',
      '/once',
      '/readOnly',
      '/connection',
    ]);
  });
});
