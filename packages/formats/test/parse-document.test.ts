import { describe, expect, test } from 'vitest';
import { type Issue, parseDocument, withLocations } from '../src/index.ts';

async function errorsOf(text: string, mediaType: 'json' | 'yaml' = 'yaml'): Promise<Issue[]> {
  const parsed = await parseDocument(text, mediaType);
  return parsed.ok ? [] : parsed.errors;
}

describe('a document as JSON', () => {
  test('is a value with a place for every pointer', async () => {
    const parsed = await parseDocument('\uFEFF{\n  "nodes": {\n    "a/b": [1, { "x": 2 }]\n  }\n}', 'json');
    if (!parsed.ok) throw new Error('expected a value');
    expect(parsed.value).toEqual({ nodes: { 'a/b': [1, { x: 2 }] } });
    expect(parsed.locate('')).toEqual({ line: 1, column: 1 });
    expect(parsed.locate('/nodes')).toEqual({ line: 2, column: 3 });
    expect(parsed.locate('/nodes/a~1b')).toEqual({ line: 3, column: 5 });
    expect(parsed.locate('/nodes/a~1b/1')).toEqual({ line: 3, column: 16 });
    expect(parsed.locate('/nodes/a~1b/1/x')).toEqual({ line: 3, column: 18 });
  });

  test('a pointer to what is not there has the place of what is around it', async () => {
    const parsed = await parseDocument('{\n "a": {}\n}', 'json');
    expect(parsed.ok && parsed.locate('/a/missing/deeper')).toEqual({ line: 2, column: 2 });
  });

  test('is refused above its limit of bytes', async () => {
    const parsed = await parseDocument(JSON.stringify('ä'.repeat(100)), 'json', { jsonBytes: 150 });
    expect(parsed).toMatchObject({ ok: false, errors: [{ code: 'limit_bytes', pointer: '' }] });
  });
});

describe('a document as YAML', () => {
  test('is read by the core schema of YAML 1.2, keys as they are written', async () => {
    const text =
      'a: yes\nb: 0x1F\nc: 2026-01-01\nd: ~\ne: 1.5\nf: |\n  two\n  lines\ntrue: t\n1: one\n1.50: x\n"q": [x, {y: z}]\n';
    const parsed = await parseDocument(text, 'yaml');
    expect(parsed.ok && parsed.value).toEqual({
      a: 'yes',
      b: 31,
      c: '2026-01-01',
      d: null,
      e: 1.5,
      f: 'two\nlines\n',
      true: 't',
      '1': 'one',
      '1.50': 'x',
      q: ['x', { y: 'z' }],
    });
  });

  test('has a place for every pointer', async () => {
    const parsed = await parseDocument(
      'name: x\nnodes:\n  a: { type: task, uses: echo }\n  b:\n    needs:\n      - a\n',
      'yaml',
    );
    if (!parsed.ok) throw new Error('expected a value');
    expect(parsed.locate('/nodes/a/uses')).toEqual({ line: 3, column: 20 });
    expect(parsed.locate('/nodes/b/needs/0')).toEqual({ line: 6, column: 9 });
    expect(withLocations([{ code: 'x', pointer: '/nodes/b', message: 'm' }], parsed.locate)).toEqual([
      { code: 'x', pointer: '/nodes/b', message: 'm', line: 4, column: 3 },
    ]);
  });

  test.each([
    ['a: 1\nb:\n  x: 1\n  x: 2\n', 'duplicate_name', '/b/x', 4, 3],
    ['__proto__: 1\n', 'bad_name', '/__proto__', 1, 1],
    ['a:\n  constructor: 1\n', 'bad_name', '/a/constructor', 2, 3],
    ['a: .inf\n', 'invalid_value', '/a', 1, 1],
    ['a: "\\0"\n', 'invalid_value', '/a', 1, 1],
    ['? [x]\n: 1\n', 'unparsable', '', 1, 3],
    ['? \n: 1\n', 'unparsable', '', undefined, undefined],
    ['a: !thing 3\n', 'unparsable', '', 1, 4],
    ['a: !!binary aGk=\n', 'unparsable', '/a', 1, 1],
    ['a: 1\n---\nb: 2\n', 'unparsable', '', 2, 1],
    ['a: [1\n', 'unparsable', '', undefined, undefined],
    ['\ta: 1\n', 'unparsable', '', 1, 1],
    ['a: *nowhere\n', 'unparsable', undefined, 1, undefined],
  ])('%j: %s at %s', async (text, code, pointer, line, column) => {
    const [error] = await errorsOf(text);
    expect(error?.code).toBe(code);
    if (pointer !== undefined) expect(error?.pointer).toBe(pointer);
    if (line !== undefined) expect(error?.line).toBe(line);
    if (column !== undefined) expect(error?.column).toBe(column);
  });

  test('an alias bomb is refused at its first alias', async () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`);
    const errors = await errorsOf(['l0: &l0 lol', ...levels].join('\n'));
    expect(errors).toMatchObject([{ code: 'unparsable', pointer: '/l1/0', line: 2 }]);
    expect(errors[0]?.message).toContain('aliases');
  });

  test.each([
    ['flow', 'a: '.concat('['.repeat(10_000))],
    ['flow, closed', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['block', '- '.repeat(10_000).concat('1')],
    ['just too deep', `${'['.repeat(65)}${']'.repeat(65)}`],
  ])('text nested too deep (%s) meets the limit of depth', async (_, text) => {
    expect(await errorsOf(text)).toMatchObject([{ code: 'limit_depth' }]);
  });

  test('more than a MiB is refused before it is parsed', async () => {
    expect(await errorsOf(`a: ${'x'.repeat(1024 * 1024)}`)).toMatchObject([{ code: 'limit_bytes' }]);
  });

  test('a text that takes too long is given up, and the next one is read all the same', async () => {
    const slow = `[${'x, '.repeat(200_000)}]`;
    const [first, second] = await Promise.all([
      parseDocument(slow, 'yaml', { yamlTimeoutMs: 5 }),
      parseDocument('a: 1', 'yaml'),
    ]);
    expect(first).toMatchObject({ ok: false, errors: [{ code: 'unparsable', pointer: '' }] });
    expect(second).toMatchObject({ ok: true, value: { a: 1 } });
  });

  test('too many waiting texts are refused', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 150 }, () => parseDocument('a: 1', 'yaml')));
    const refused = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [(answer.reason as { code: string }).code] : [],
    );
    expect(refused).toEqual(Array(50).fill('too_many_requests'));
    expect(await errorsOf('a: 1')).toEqual([]);
  });
});
