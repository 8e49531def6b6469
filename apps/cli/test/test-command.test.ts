/** weft test, without any server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { weft } from './fake-terminal.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples');

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-'));
  await writeFile(
    join(folder, 'workflow.yaml'),
    'name: hello\nnodes:\n  say: { type: task, uses: http, with: "${input}" }\n',
  );
  const cases = [
    'cases:',
    '  - { name: good, input: 1, nodes: { say: { returns: hi } }, expect: { output: hi } }',
    '  - name: bad',
    '    nodes: { say: { returns: hi } }',
    '    expect: { output: ho }',
  ];
  await writeFile(join(folder, 'hello.weft-test.yaml'), `${cases.join('\n')}\n`);
});

afterAll(() => rm(folder, { recursive: true }));

describe('weft test', () => {
  test('runs the tests of the examples', async () => {
    const { code, out, err } = await weft(['test', EXAMPLES]);

    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^\d+ passed, 0 failed\n$/) });
    expect(out).toContain('✓ does not buy when nobody answers within ten minutes');
    expect(out).toContain('✓ counts every text once, in whatever order they end');
  });

  test('tells what is not as expected, with its place, and ends with 1', async () => {
    const { code, out, err } = await weft(['test', folder]);

    expect(code).toBe(1);
    expect(out).toContain('✓ good');
    expect(out).toMatch(/✗ bad .*\n {4}output: expected "ho", received "hi"\n {4}at .*hello\.weft-test\.yaml:5:15\n/);
    expect(err).toBe('1 passed, 1 failed\n');
  });

  test('runs only cases of a certain name', async () => {
    expect(await weft(['test', folder, '--filter', 'goo'])).toMatchObject({ code: 0, err: '1 passed, 0 failed\n' });
    expect(await weft(['test', folder, '--filter', 'none'])).toMatchObject({ code: 2 });
  });

  test('gives JSON', async () => {
    const { code, out } = await weft(['test', folder, '--json']);

    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      cases: [
        { name: 'good', ok: true, failures: [] },
        { name: 'bad', ok: false, error: false, failures: [{ place: expect.stringContaining(':5:15') }] },
      ],
      broken: [],
    });
  });

  test('ends with 2 for what is no test, or cannot be read', async () => {
    const file = join(folder, 'broken.weft-test.yaml');
    await writeFile(file, 'cases: [{ name: x, expct: {} }]\n');
    const { code, err } = await weft(['test', file]);
    await rm(file);

    expect(code).toBe(2);
    expect(err).toMatch(
      /no valid test file\n {2}.*broken\.weft-test\.yaml:1:20: unknown key "expct"; did you mean "expect"\?/,
    );
    expect(await weft(['test', join(folder, 'workflow.yaml')])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is no test'),
    });
    expect(await weft(['test', join(folder, 'none')])).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no file or folder'),
    });
  });
});
