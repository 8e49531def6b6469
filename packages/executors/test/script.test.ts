import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Json, JsonObject } from '@weft/contract';
import { executorCall } from '@weft/testkit/conformance/executor';
import { afterAll, describe, expect, test } from 'vitest';

import scriptExecutor from '../src/builtin/script.ts';
import { isGone, pidUnderKilledWorker } from './killed-worker.ts';

const folder = await mkdtemp(join(tmpdir(), 'weft-scripts-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

type Parts = Parameters<typeof executorCall>[1];

const run = (source: string, more: JsonObject = {}, parts: Parts = {}) =>
  scriptExecutor.run(executorCall({ source, ...more }, parts));

/** What an attempt told, in the order of its coming. */
function listen() {
  const told: Json[] = [];
  const parts: Parts = {
    emit: (data) => told.push(data),
    token: (text, metadata) => told.push([text, metadata?.['stream'] ?? null]),
    heartbeat: (progress) => told.push(['beat', progress ?? null]),
    log: (level, message) => told.push([level, message]),
  };
  return { told, parts };
}

describe('a script', () => {
  test('gets its input and returns JSON, in TypeScript', async () => {
    const source = `
      type Input = { words: string[] };
      const lengths = (words: string[]): number[] => words.map((word) => word.length);
      export default async ({ words }: Input) => ({ lengths: lengths(words), none: undefined, at: new Date(0) });`;

    expect(await run(source, { input: { words: ['a', 'bc'] } })).toEqual({
      kind: 'succeeded',
      output: { lengths: [1, 2], at: '1970-01-01T00:00:00.000Z' },
    });
  });

  test('may be a file, which imports its neighbours', async () => {
    await writeFile(join(folder, 'twice.ts'), 'export const twice = (n: number) => 2 * n;');
    await writeFile(
      join(folder, 'main.ts'),
      "import { twice } from './twice.ts'; export default (n: number) => twice(n);",
    );

    expect(await scriptExecutor.run(executorCall({ file: join(folder, 'main.ts'), input: 21 }))).toMatchObject({
      kind: 'succeeded',
      output: 42,
    });
  });

  test('may return a result with control', async () => {
    expect(await run(`export default () => ({ output: 1, stateUpdates: { n: 2 }, goto: 'there' })`)).toEqual({
      kind: 'succeeded',
      output: 1,
      stateUpdates: { n: 2 },
      goto: ['there'],
    });
  });

  test('tells what it prints and what it says', async () => {
    const { told, parts } = listen();
    const source = `export default (input, ctx) => {
      console.log('printed'); console.error('wrong');
      ctx.emit({ n: 1 }); ctx.token('piece'); ctx.heartbeat(0.5); ctx.heartbeat(); ctx.log('info', 'said', { a: 1 });
      return ctx.taskId; }`;

    expect(await run(source, {}, parts)).toMatchObject({ output: '0197a000-0000-8000-8000-000000000002' });
    expect(told).toEqual(
      expect.arrayContaining([
        ['printed\n', 'stdout'],
        ['wrong\n', 'stderr'],
      ]),
    );
    const said = told.filter((one) => !JSON.stringify(one).includes('std'));
    expect(said).toEqual([{ n: 1 }, ['piece', null], ['beat', 0.5], ['beat', null], ['info', 'said']]);
  });

  test('sees nothing of the environment of its worker', async () => {
    process.env['WEFT_SECRET_LEAK'] = 'hunter2';
    process.env['NODE_OPTIONS'] = '--no-warnings';
    const outcome = await run('export default () => Object.keys(process.env).toSorted()');
    delete process.env['WEFT_SECRET_LEAK'];
    delete process.env['NODE_OPTIONS'];

    const known = ['HOME', 'LANG', 'OLDPWD', 'PATH', 'PWD', 'SHLVL', 'WEFT_TASK', '_'];
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    const names = outcome.kind === 'succeeded' ? (outcome.output as string[]) : [];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('leaves no folder behind', async () => {
    const outcome = await run(`import { writeFileSync } from 'node:fs';
      export default () => { writeFileSync('note.txt', 'x'); return process.cwd(); }`);

    expect(outcome).toMatchObject({ kind: 'succeeded' });
    const where = outcome.kind === 'succeeded' ? (outcome.output as string) : '/';
    await expect(readdir(where)).rejects.toThrow('ENOENT');
  });
});

describe('a script that fails', () => {
  test('shows its error, and where it was thrown', async () => {
    const source = `export default () => {\n  throw Object.assign(new Error('sold out'), { code: 'sold_out', retryable: false });\n}`;

    expect(await run(source)).toMatchObject({
      kind: 'failed',
      error: {
        code: 'sold_out',
        message: 'sold out',
        retryable: false,
        details: { type: 'Error', trace: expect.stringContaining('script.mts:2:') },
      },
    });
  });

  test.each<[string, string, string, boolean]>([
    ['throws', 'export default () => { throw new Error("x") }', 'script_failed', true],
    ['throws nothing', 'export default () => Promise.reject()', 'script_failed', true],
    [
      'throws later',
      'export default () => new Promise(() => setImmediate(() => { throw new Error("x") }))',
      'script_failed',
      true,
    ],
    ['has no function', 'export const a = 1', 'script_invalid', false],
    ['has no sense', 'export default (', 'script_invalid', false],
    ['has an enum', 'enum A { B } export default () => A.B', 'script_invalid', false],
    ['returns what is no JSON', 'export default () => new Map()', 'output_not_json', false],
    ['returns itself', 'const a = {}; a.a = a; export default () => a', 'script_failed', true],
    ['returns a dangerous key', `export default () => JSON.parse('{"__proto__":1}')`, 'output_not_json', false],
    ['ends too early', 'export default () => process.exit(3)', 'script_exit', true],
    ['waits for nothing', 'export default () => new Promise(() => {})', 'script_exit', true],
    ['returns too much', 'export default () => "x".repeat(2_000_000)', 'output_too_large', false],
  ])('because it %s', async (_why, source, code, retryable) => {
    expect(await run(source)).toMatchObject({ kind: 'failed', error: { code, retryable } });
  });

  test.each<[string, Json]>([
    ['', {}],
    ['', { source: 'a', file: 'b' }],
    ['/file', { file: '/nowhere/at/all.ts' }],
    ['/file', { file: process.execPath }],
    ['/file', { file: 'a\0b.ts' }],
    ['/memoryMb', { source: 'a', memoryMb: 1 }],
    ['/env', { source: 'a', env: { NODE_OPTIONS: '--require ./x.js' } }],
  ])('because of %s is an invalid input: %j', async (pointer, input) => {
    expect(await scriptExecutor.run(executorCall(input))).toMatchObject({
      error: { code: 'invalid_input', retryable: false, details: { errors: [{ pointer }] } },
    });
  });
});

describe('a script that does what it must not', () => {
  test.each([
    [
      'reads a file of the machine',
      `import { readFileSync } from 'node:fs'; export default () => readFileSync('/etc/passwd', 'utf8')`,
    ],
    [
      'writes elsewhere',
      `import { writeFileSync } from 'node:fs'; export default () => writeFileSync('${folder}/made', '')`,
    ],
    ['starts a program', `import { execSync } from 'node:child_process'; export default () => execSync('touch made')`],
    [
      'starts a thread',
      `import { Worker } from 'node:worker_threads'; export default () => new Worker('1', { eval: true })`,
    ],
  ])('is refused: one that %s', async (_what, source) => {
    expect(await run(source)).toMatchObject({ error: { code: 'permission_denied', retryable: false } });
    await expect(access(join(folder, 'made'))).rejects.toThrow('ENOENT');
  });

  test.each([
    ['its heap', 'const all = []; for (;;) all.push(new Array(1000).fill(all.length + 0.5));'],
    ['buffers', 'const all = []; for (;;) all.push(Buffer.alloc(1_000_000, 1));'],
    ['one buffer', 'Buffer.alloc(3_000_000_000, 1);'],
  ])('fills the memory with %s is ended alone', async (_what, body) => {
    expect(await run(`export default () => { ${body} }`, { memoryMb: 64 })).toMatchObject({
      kind: 'failed',
      error: { code: 'out_of_memory', retryable: false },
    });
  });

  test('F41: never ends is ended by its time, and is gone', async () => {
    let pid = 0;
    const emit = (data: Json) => (pid = data as number);
    const outcome = await run(
      'export default (_, ctx) => { ctx.emit(process.pid); for (;;); }',
      { timeoutMs: 1_500 },
      { emit },
    );

    expect(outcome).toMatchObject({ error: { code: 'timeout', retryable: true, details: { timeoutMs: 1_500 } } });
    expect(await isGone(pid)).toBe(true);
  });

  test('prints 50 MB is heard out, though not to the end', async () => {
    const { told, parts } = listen();
    const source = `export default async () => {
      for (let i = 0; i < 50; i++) await new Promise((done) => process.stdout.write('x'.repeat(1_000_000), done));
      return 'done'; }`;

    expect(await run(source, {}, parts)).toMatchObject({ kind: 'succeeded', output: 'done' });
    const bytes = told.reduce((sum: number, one) => sum + (one as string[])[0]!.length, 0);
    expect(bytes).toBeLessThan(1_100_000);
    expect(told.at(-1)).toEqual(['warn', expect.stringContaining('is not told')]);
  });

  test('ends with a worker that is killed', async () => {
    const source =
      'export default (_, ctx) => new Promise(() => { setInterval(() => {}, 1000); ctx.emit(process.pid); })';

    const pid = await pidUnderKilledWorker('script', source);
    await expect.poll(() => isGone(pid), { timeout: 5_000 }).toBe(true);
  });

  test('may clean up when it is stopped', async () => {
    const controller = new AbortController();
    const { told, parts } = listen();
    const emit = (data: Json) => (data === 'up' ? controller.abort(new Error('cancel')) : told.push(data));
    const source = `export default (_, ctx) => new Promise(() => {
      setInterval(() => {}, 1000); ctx.signal.addEventListener('abort', () => ctx.emit('cleaned')); ctx.emit('up'); })`;

    expect(await run(source, {}, { ...parts, signal: controller.signal, emit })).toMatchObject({
      error: { code: 'aborted', retryable: true },
    });
    expect(told).toEqual(['cleaned']);
  });
});
