import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { answeringServer, problem } from './answering-server.ts';
import { weft } from './fake-terminal.ts';

const NOBODY = 'http://127.0.0.1:9';

async function tempFile(name: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-cli-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

const VALID = 'name: a\nnodes:\n  one: { type: task, uses: echo }\n  two: { type: task, uses: echo, needs: [one] }\n';
const INVALID = 'name: a\nnodes:\n  one:\n    type: task\n    usess: echo\n';

describe('the command line', () => {
  test.each([
    [['lits'], 'Did you mean list?'],
    [['list', '--limt', '3'], 'Did you mean --limit?'],
    [['list', '--limit', '0'], 'from 1 to 200'],
    [['run'], "missing required argument 'file-or-name'"],
    [['watch', 'id', '--timeout', 'soon'], 'a duration'],
    [['list', '--status', 'done'], 'Allowed choices'],
    [['dev', '--port', '70000'], 'from 0 to 65535'],
    [['list', '--url', 'localhost'], 'no address of a server'],
    [['run', 'a', '-i', 'novalue'], 'key=value'],
  ])('%j is a usage error that says what to do', async (args, message) => {
    const { code, out, err } = await weft(args);

    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
  });

  test('shows its help and its version on the standard output', async () => {
    expect(await weft(['--help'])).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Exit status:') });
    expect(await weft(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect((await weft(['run', '--help'])).out).toContain('--idempotency-key');
  });

  test('says in one line how to get a server where none answers', async () => {
    const { code, out, err } = await weft(['list', '--url', NOBODY]);

    expect({ code, out }).toEqual({ code: 6, out: '' });
    expect(err).toMatch(/^weft: http:\/\/127\.0\.0\.1:9 does not answer: .*npm start.*--url\n$/);
  });

  test('takes the address from the environment, and a flag before it', async () => {
    const url = await answeringServer({ status: 200, body: { items: [], nextCursor: null } });

    expect(await weft(['list'], { env: { WEFT_URL: url } })).toMatchObject({ code: 0, err: 'no runs\n' });
    expect(await weft(['list', '--url', NOBODY], { env: { WEFT_URL: url } })).toMatchObject({ code: 6 });
  });

  test('tells an error as one JSON line where JSON is asked for', async () => {
    const { code, out, err } = await weft([
      'show',
      'x',
      '--json',
      '--url',
      await answeringServer(problem(404, 'not_found')),
    ]);

    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(JSON.parse(err)).toMatchObject({
      error: { code: 'not_found', message: 'it is not_found', exitCode: 3, problem: { status: 404 } },
    });
  });

  test.each([
    [401, 'unauthorized', 4],
    [403, 'forbidden', 4],
    [404, 'not_found', 3],
    [409, 'conflict', 5],
    [422, 'invalid_input', 7],
    [413, 'payload_too_large', 7],
    [503, 'unavailable', 6],
    [429, 'too_many_requests', 6],
    [500, 'internal', 1],
  ])('an answer of %i (%s) ends with %i', async (status, name, code) => {
    expect((await weft(['cancel', 'x', '--url', await answeringServer(problem(status, name))])).code).toBe(code);
  });

  test('is interrupted while it waits for an answer', async () => {
    const interrupt = AbortSignal.abort();

    expect((await weft(['list', '--url', NOBODY], { interrupt })).code).toBe(130);
  });

  test('reads the token from a file, and says if it cannot', async () => {
    const file = await tempFile('token', 'secret\n');
    const url = await answeringServer({ status: 200, body: { items: [], nextCursor: null } });

    expect((await weft(['list', '--url', url], { env: { WEFT_TOKEN_FILE: file } })).code).toBe(0);
    expect(await weft(['list', '--url', url], { env: { WEFT_TOKEN_FILE: `${file}-not` } })).toMatchObject({
      code: 2,
      err: expect.stringContaining('WEFT_TOKEN_FILE'),
    });
  });
});

describe('weft validate', () => {
  test('says that a file is valid, without a server', async () => {
    const file = await tempFile('a.yaml', VALID);

    expect(await weft(['validate', file])).toEqual({ code: 0, out: '', err: `${file} is valid: 2 nodes\n` });
  });

  test('writes every error with its line and column', async () => {
    const file = await tempFile('a.yaml', INVALID);
    const { code, out, err } = await weft(['validate', file]);

    expect(code).toBe(7);
    expect(out).toContain(`${file}:5:5: `);
    expect(out).toContain('(unknown_key)');
    expect(err).toMatch(/^\d+ errors?\n$/);
  });

  test('writes the same as JSON', async () => {
    const valid = await weft([
      'validate',
      await tempFile('a.json', JSON.stringify({ name: 'a', nodes: { x: { type: 'task', uses: 'echo' } } })),
      '--json',
    ]);
    const invalid = await weft(['validate', await tempFile('a.yaml', INVALID), '--json']);

    expect(JSON.parse(valid.out)).toEqual({ valid: true, errors: [], mermaid: expect.stringContaining('flowchart') });
    expect(JSON.parse(invalid.out)).toMatchObject({
      valid: false,
      mermaid: null,
      errors: [{ line: 5, column: 5 }, {}],
    });
    expect([valid.code, invalid.code]).toEqual([0, 7]);
  });

  test('knows what cannot be parsed, what is missing and what is a folder', async () => {
    const file = await tempFile('workflow.yaml', VALID);

    expect(await weft(['validate', await tempFile('b.json', '{')])).toMatchObject({
      code: 7,
      out: expect.stringContaining('b.json:1:'),
    });
    expect(await weft(['validate', `${file}-not`])).toMatchObject({ code: 3, err: expect.stringContaining('no file') });
    expect((await weft(['validate', join(file, '..')])).code).toBe(0);
  });

  test('follows WEFT_MAX_NODES', async () => {
    const file = await tempFile('a.yaml', VALID);

    expect(await weft(['validate', file], { env: { WEFT_MAX_NODES: '1' } })).toMatchObject({
      code: 7,
      out: expect.stringContaining('limit_nodes'),
    });
  });
});

describe('weft import', () => {
  const FOREIGN = {
    id: 'foreign',
    version: 2,
    nodes: { set: { type: 'transform', updates: { done: true } } },
    edges: [
      ['__start__', 'set'],
      ['set', '__end__'],
    ],
  };

  test('writes the native document, and what could not be mapped beside it', async () => {
    const file = await tempFile('a.json', JSON.stringify(FOREIGN, null, 2));
    const { code, out, err } = await weft(['import', file, '--format', 'nullboiler']);

    expect(code).toBe(0);
    expect(out).toMatch(/^name: foreign\n/);
    expect(err).toBe(`${file}:3:3: a version is given when the workflow is saved (version)\n1 remark\n`);
    expect((await weft(['validate', await tempFile('b.yaml', out)])).code).toBe(0);
  });

  test('writes the same as JSON', async () => {
    const file = await tempFile('a.json', JSON.stringify(FOREIGN));
    const { out, err } = await weft(['import', file, '--format', 'nullboiler', '--json']);

    expect(JSON.parse(out)).toMatchObject({ name: 'foreign', nodes: { set: { updates: { done: true } } } });
    expect(JSON.parse(err)).toMatchObject({ report: [{ code: 'version', pointer: '/version', line: 1 }] });
  });

  test('writes nothing of a document that is invalid, but every error with its line', async () => {
    const file = await tempFile('a.json', JSON.stringify({ ...FOREIGN, nodes: { set: { type: 'map' } } }, null, 2));
    const { code, out, err } = await weft(['import', file, '--format', 'nullboiler']);

    expect({ code, out }).toEqual({ code: 7, out: '' });
    expect(err).toContain(`${file}:6:7: NullBoiler has no node type "map" (node_type_unsupported)`);
  });

  test('tells what the engine cannot run yet, and writes the document all the same', async () => {
    const nodes = { set: { type: 'interrupt', message: 'Sure?' } };
    const file = await tempFile('a.json', JSON.stringify({ ...FOREIGN, nodes }));
    const { code, out } = await weft(['import', file, '--format', 'nullboiler']);

    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('type: interrupt') });
  });

  test('needs a format that there is', async () => {
    expect(await weft(['import', 'a.json'])).toMatchObject({ code: 2, err: expect.stringContaining('--format') });
    expect(await weft(['import', 'a.json', '--format', 'x'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('nullboiler'),
    });
    expect((await weft(['import', 'not-there.json', '--format', 'nullboiler'])).code).toBe(3);
  });
});

describe('weft graph', () => {
  test('draws a file as Mermaid, DOT or JSON, without a server', async () => {
    const file = await tempFile('a.yaml', VALID);

    expect((await weft(['graph', file])).out).toMatch(/^flowchart TD\n[\s\S]*one[\s\S]*\n$/);
    expect((await weft(['graph', file, '--format', 'dot'])).out).toMatch(/^digraph /);
    expect(JSON.parse((await weft(['graph', file, '--json'])).out)).toMatchObject({
      nodes: [{ name: 'one' }, { name: 'two' }],
    });
  });

  test('refuses a file that is not valid, with the places of its errors', async () => {
    const file = await tempFile('a.yaml', INVALID);

    expect(await weft(['graph', file])).toMatchObject({
      code: 7,
      out: '',
      err: expect.stringContaining(`${file}:5:5: `),
    });
  });
});

describe('weft run', () => {
  test('shows the errors that the server finds at their places in the file', async () => {
    const file = await tempFile('a.yaml', VALID);
    const errors = [{ code: 'unknown_executor', pointer: '/workflow/nodes/two/uses', message: 'no executor "echo"' }];
    const url = await answeringServer(problem(422, 'invalid_document', errors));

    const { code, err } = await weft(['run', file, '--url', url]);

    expect(code).toBe(7);
    expect(err).toContain(`${file}:4:22: no executor "echo" (unknown_executor)`);
  });

  test('refuses a file that holds no object, and one that is not there', async () => {
    expect(await weft(['run', await tempFile('a.yaml', '[1]')])).toMatchObject({
      code: 7,
      err: expect.stringContaining('bad_type'),
    });
    expect(await weft(['run', 'not-there.yaml'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('not-there.yaml'),
    });
  });

  test('prints only the id of the run where it does not wait', async () => {
    const url = await answeringServer({ status: 201, body: { id: 'ID', workflow: { name: 'a', version: 1 } } });

    expect(await weft(['run', 'a', '--detach', '--url', url])).toEqual({ code: 0, out: 'ID\n', err: '' });
    expect(JSON.parse((await weft(['run', 'a', '-d', '--json', '--url', url])).out)).toMatchObject({ id: 'ID' });
  });
});
