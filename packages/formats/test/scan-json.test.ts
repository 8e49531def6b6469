import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson, scanJson } from '../src/index.ts';

const options = { maxDepth: 64 };
const codes = (text: string): string[] => scanJson(text, options).map((issue) => issue.code);

describe('the scan before JSON.parse', () => {
  test.each([
    ['{"a":1,"a":2}', 'duplicate_name', '/a', 1, 8],
    ['{"a":1,"\\u0061":2}', 'duplicate_name', '/a', 1, 8],
    ['{\n  "nodes": {\n    "a": {},\n    "a": {}\n  }\n}', 'duplicate_name', '/nodes/a', 4, 5],
    ['{"__proto__":{"x":1}}', 'bad_name', '/__proto__', 1, 2],
    ['{"\\u005f_proto__":1}', 'bad_name', '/__proto__', 1, 2],
    ['{"a":[0,{"constructor":1}]}', 'bad_name', '/a/1/constructor', 1, 10],
    ['[{"prototype":1}]', 'bad_name', '/0/prototype', 1, 3],
    ['{"a/b":{"~":"\\u0000"}}', 'invalid_value', '/a~1b/~0', 1, 13],
    ['["\\ud800"]', 'invalid_value', '/0', 1, 2],
    ['{"\\u0000":1}', 'bad_name', '/\u0000', 1, 2],
    ['[1,1e999]', 'invalid_value', '/1', 1, 4],
    ['{"a" 1}', 'unparsable', '', 1, 6],
    ['{"a":1,}', 'unparsable', '', 1, 8],
    ['[1,]', 'unparsable', '', 1, 4],
    ['[1\n 2]', 'unparsable', '', 2, 2],
    ['nul', 'unparsable', '', 1, 1],
    ['01', 'unparsable', '', 1, 2],
    ['"\t"', 'unparsable', '', 1, 2],
    ['"\\x"', 'unparsable', '', 1, 2],
    ['"abc', 'unparsable', '', 1, 5],
    ['', 'unparsable', '', 1, 1],
    ["{'a':1}", 'unparsable', '', 1, 2],
    ['{"a":1}}', 'unparsable', '', 1, 8],
  ])('%j: %s at %s', (text, code, pointer, line, column) => {
    expect(scanJson(text, options)).toMatchObject([{ code, pointer, line, column }]);
  });

  test('tells every error, in order', () => {
    expect(codes('{"a":1,"a":1,"b":{"__proto__":1},"c":1e999}')).toEqual([
      'duplicate_name',
      'bad_name',
      'invalid_value',
    ]);
  });

  test('the same name in different objects is no duplicate', () => {
    expect(codes('[{"a":1},{"a":{"a":1}}]')).toEqual([]);
  });

  test.each([10_000, 1_000_000])('%i nested arrays or objects are too deep, and no stack overflows', (depth) => {
    for (const text of ['['.repeat(depth), `${'['.repeat(depth)}${']'.repeat(depth)}`, '{"a":'.repeat(depth)]) {
      const errors = scanJson(text, options);
      expect(errors).toMatchObject([{ code: 'limit_depth', line: 1 }]);
      expect(errors[0]?.message).toContain('64');
    }
  });

  test('exactly the limit is not too deep', () => {
    expect(codes('['.repeat(64) + ']'.repeat(64))).toEqual([]);
    expect(codes('['.repeat(65) + ']'.repeat(65))).toEqual(['limit_depth']);
  });

  test('a flood of errors makes a bounded answer', () => {
    const name = 'x'.repeat(50_000);
    const errors = scanJson(`{"${name}":{"a":1${',"a":1'.repeat(10_000)}}}`, options);
    expect(errors.length).toBeLessThanOrEqual(100);
    expect(JSON.stringify(errors).length).toBeLessThan(300_000);
  });
});

describe('parseJson', () => {
  test('gives what JSON.parse gives, for any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const parsed = parseJson(text, { maxDepth: 1000 });
        if (parsed.ok) expect(parsed.value).toEqual(JSON.parse(text));
        else
          for (const { code } of parsed.errors) expect(['bad_name', 'duplicate_name', 'invalid_value']).toContain(code);
      }),
    );
  });

  test('refuses exactly what JSON.parse refuses, for any text', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '"a"',
      '"b"',
      '1',
      '-',
      '.5',
      'e3',
      'true',
      'null',
      ' ',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        expect(codes(text).includes('unparsable')).toBe(!isJson(text));
      }),
      { numRuns: 2000 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
