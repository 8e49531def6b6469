/** Every verb and both examples against the real stack. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { type CliResult, weft as weftHere } from './fake-terminal.ts';

const ROOT = join(import.meta.dirname, '../../..');

let folder: string;
let database: TestDatabase;
let stack: DevStack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-cli-'));
  database = await createTestDatabase();
  stack = await startDev({
    host: '127.0.0.1',
    port: 0,
    dataDir: folder,
    databaseUrl: database.url,
    handlersFile: null,
    log: 'file',
  });
});

afterAll(async () => {
  await stack.stop();
  await database.drop();
  await rm(folder, { recursive: true });
});

const weft = (...args: string[]): Promise<CliResult> => weftHere(args, { env: { WEFT_URL: stack.url } });

async function saved(name: string, nodes: object, rest: object = {}): Promise<string> {
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify({ name, nodes, ...rest }));
  return file;
}

async function newestRun(workflow: string): Promise<{ id: string; status: string }> {
  return JSON.parse((await weft('list', '--workflow', workflow, '--json')).out).items[0];
}

describe('weft run', () => {
  test('runs a file and prints its output; the saved version runs by its name', async () => {
    const file = await saved('greet', { hello: { type: 'task', uses: 'echo', with: 'Hello ${input.who.name}' } });

    const first = await weft('run', file, '-i', 'who.name=Ada');
    expect(first).toMatchObject({ code: 0, out: 'Hello Ada\n' });
    expect(first.err).toMatch(/^run \S+ of greet@1\n✓ greet@1 succeeded in \S+\n$/);

    const second = await weft('run', 'greet@1', '-i', 'who.name=Grace', '--json');
    expect(JSON.parse(second.out)).toMatchObject({ status: 'succeeded', output: 'Hello Grace' });

    expect(await weft('run', 'gret')).toMatchObject({ code: 3, err: expect.stringContaining('Did you mean greet?') });
  });

  test('shows the nodes as they run, and takes its input from a file', async () => {
    const nodes = {
      one: { type: 'task', uses: 'sleep', with: { ms: 5 } },
      two: { type: 'task', uses: 'echo', needs: ['one'], with: '${input}' },
    };
    const input = join(folder, 'input.yaml');
    await writeFile(input, 'list: [1, 2]\n');

    const { code, out, err } = await weft('run', await saved('watched', nodes), '--input', input, '--watch');

    expect({ code, output: JSON.parse(out) }).toEqual({ code: 0, output: { list: [1, 2] } });
    expect(err).toMatch(/✓ one succeeded[\s\S]*✓ two succeeded[\s\S]*✓ watched@1 succeeded/);
  });

  test('writes every event and then the run as JSON lines', async () => {
    const file = await saved('lines', { one: { type: 'task', uses: 'echo', with: 1 } });

    const { code, out } = await weft('run', file, '--watch', '--json');
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

    expect(code).toBe(0);
    expect(lines.at(-1)).toMatchObject({ status: 'succeeded', output: 1 });
    const steps = lines.slice(0, -1).flatMap(({ step, n }) => (n === undefined ? [step] : []));
    expect(steps).toEqual([...new Set(steps)]);
    expect(lines.at(-2)).toMatchObject({ type: 'run_ended' });
  });

  test('ends with 1 where the run fails, and says which node it was', async () => {
    const nodes = { bad: { type: 'task', uses: 'process', with: { command: 'no-such-command-here' } } };

    const { code, out, err } = await weft('run', await saved('failing', nodes));

    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/✗ bad failed: command_not_found[\s\S]*✗ failing@1 failed/);
  });

  test('starts one run only under one key, and refuses the key with another input', async () => {
    const file = await saved('keyed', { one: { type: 'task', uses: 'echo' } });
    const start = (...more: string[]) => weft('run', file, '-d', '--idempotency-key', 'k1', ...more);

    const [first, second] = [await start(), await start()];

    expect(second.out).toBe(first.out);
    expect((await start('-i', 'a=1')).code).toBe(5);
  });

  test('refuses an input that does not fit, and a document that is not valid', async () => {
    const rest = { input: { type: 'object', required: ['who'] } };
    const file = await saved('strict', { one: { type: 'task', uses: 'echo' } }, rest);
    expect(await weft('run', file)).toMatchObject({ code: 7, err: expect.stringContaining('who') });

    const bad = await saved('bad', { one: { type: 'task', uses: 'ecco' } });
    expect(await weft('run', bad)).toMatchObject({
      code: 7,
      err: expect.stringMatching(/bad\.json:1:\d+: .*\(unknown_executor\)/),
    });
  });
});

describe('a run that takes its time', () => {
  const nodes = { long: { type: 'task', uses: 'sleep', with: { ms: 600_000 } } };

  test('is left alone by a timeout and by Ctrl-C, cancelled on demand, and then neither cancelled nor retried', async () => {
    const file = await saved('long', nodes);
    expect(await weft('run', file, '--timeout', '20ms')).toMatchObject({
      code: 8,
      err: expect.stringContaining('weft watch'),
    });
    const { id, status } = await newestRun('long');
    expect(status).toBe('running');

    const left = await weftHere(['watch', id], { env: { WEFT_URL: stack.url }, interrupt: AbortSignal.timeout(100) });
    expect(left).toMatchObject({ code: 130, err: expect.stringContaining(`weft watch ${id}`) });

    expect(await weft('cancel', id)).toMatchObject({ code: 0, err: expect.stringContaining('cancelled') });
    expect(await weft('watch', id)).toMatchObject({ code: 1, err: expect.stringContaining('cancelled') });
    expect((await weft('cancel', id)).code).toBe(5);
    expect((await weft('retry', id)).code).toBe(5);
  });
});

test('a failed run is retried and shown', async () => {
  const flag = join(folder, 'flag');
  const script = `process.exit(require('node:fs').existsSync(${JSON.stringify(flag)}) ? 0 : 1)`;
  const nodes = {
    first: { type: 'task', uses: 'echo' },
    flaky: { type: 'task', uses: 'process', needs: ['first'], with: { command: 'node', args: ['-e', script] } },
    last: { type: 'task', uses: 'echo', needs: ['flaky'], with: 'through' },
  };
  expect((await weft('run', await saved('flaky', nodes))).code).toBe(1);
  const { id } = await newestRun('flaky');
  await writeFile(flag, '');

  expect(await weft('retry', id, '--watch')).toMatchObject({ code: 0, out: 'through\n' });

  const shown = await weft('show', id);
  expect(shown.out).toMatch(
    /^✓ flaky@1 {2}succeeded {2}3\/3 nodes[\s\S]*✓ first[\s\S]*✓ flaky[\s\S]*✓ last[\s\S]*through\n$/,
  );
  expect(JSON.parse((await weft('show', id, '--json')).out)).toMatchObject({ id, tasks: [{}, {}, {}] });
});

test('runs are listed as a table, newest first, and filtered', async () => {
  await weft('run', await saved('listed', { one: { type: 'task', uses: 'echo' } }), '--tag', 'mine');

  const { out } = await weft('list', '--tag', 'mine');

  expect(out).toMatch(/^RUN +STATUS +STARTED +TOOK +WORKFLOW\n\S+ +succeeded +\S+ ago +\S+ +listed@1\n$/);
  expect((await weft('list', '--status', 'failed', '--tag', 'mine')).out).toBe('');
});

test('a saved workflow is drawn', async () => {
  await weft('run', await saved('drawn', { one: { type: 'task', uses: 'echo' } }));

  expect((await weft('graph', 'drawn')).out).toMatch(/^flowchart TD\n/);
  expect((await weft('graph', 'drawn@1', '--format', 'dot')).out).toMatch(/^digraph /);
  expect(JSON.parse((await weft('graph', 'drawn', '--json')).out)).toMatchObject({ nodes: [{ name: 'one' }] });
  const id = (await weft('run', 'drawn', '--detach')).out.trim();
  expect((await weft('graph', id)).out).toMatch(/^flowchart TD\n[^]*class n0 \w+\n/);
  expect((await weft('graph', 'drawm')).err).toContain('Did you mean drawn?');
});

describe('the example repo-report', () => {
  const run = (repo: string, out: string) =>
    weft(
      'run',
      join(ROOT, 'examples/repo-report'),
      '-i',
      `repo=${repo}`,
      '-i',
      `out=${out}`,
      '-i',
      `scripts=${join(ROOT, 'examples/repo-report')}`,
    );

  test('writes a report about a repository, the same one each time', async () => {
    const out = join(folder, 'sample');
    const { code, out: printed } = await run(folder, out);
    const output = JSON.parse(printed);

    expect(code).toBe(0);
    expect(output).toMatchObject({ repository: 'sample', commits: 120, totals: { authors: 5, folders: 6 } });
    const html = await readFile(output.report, 'utf8');
    expect(html).toContain('Grace Hopper');
    expect(html).not.toMatch(/<script|https?:\/\//);

    await run(folder, out);
    expect(await readFile(output.report, 'utf8')).toBe(html);
  });

  test('takes a repository as it is: authors with odd names, binary files, and no commit at all', async () => {
    const again = JSON.parse((await run(join(folder, 'sample', 'sample.git'), join(folder, 'again'))).out);
    expect(again).toMatchObject({ repository: 'sample.git', commits: 120, totals: { authors: 5 } });

    const empty = join(folder, 'empty');
    await weft(
      'run',
      await saved('init', {
        init: { type: 'task', uses: 'process', with: { command: 'git', args: ['init', '--quiet', empty] } },
      }),
    );
    const short = JSON.parse((await run(empty, join(folder, 'short'))).out);
    expect(short).toMatchObject({ repository: 'empty', commits: 0 });
    expect(await readFile(short.report, 'utf8')).toContain('There is no commit yet');
  });
});

describe('the example http-flow', () => {
  const run = (baseUrl: string) => weft('run', join(ROOT, 'examples/http-flow'), '-i', `baseUrl=${baseUrl}`);

  test('fetches although the service is busy at first, and posts what is late', async () => {
    await using service = await startService();

    const { code, out } = await run(service.url);

    expect({ code, output: JSON.parse(out) }).toEqual({
      code: 0,
      output: {
        outcome: { posted: true, id: 'report-1' },
        late: [{}, {}].map(() => expect.objectContaining({ days: expect.any(Number) })),
      },
    });
  });

  test('takes the way out where the report is never taken', async () => {
    await using service = await startService('--broken');

    const { code, out } = await run(service.url);

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      outcome: { posted: false, reason: expect.stringContaining('answered 500') },
    });
  });
});

/** The example's own service, as a process; ended with its scope. */
async function startService(...flags: string[]): Promise<AsyncDisposable & { url: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'examples/http-flow/server.mjs'), '0', ...flags]);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    url: /http:\S+/.exec(line.toString())?.[0] ?? '',
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, 'exit');
    },
  };
}
