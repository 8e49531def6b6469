import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Json, JsonObject } from '@weft/contract';
import type { Outcome } from '@weft/engine/ports';
import { executorCall } from '@weft/testkit/conformance/executor';
import { afterAll, describe, expect, test } from 'vitest';

import pythonExecutor from '../src/builtin/python.ts';
import { isGone, pidUnderKilledWorker } from './killed-worker.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) process.stderr.write('weft: there is no python3 here, so the executor python is not tested\n');

const folder = await mkdtemp(join(tmpdir(), 'weft-python-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

type Parts = Parameters<typeof executorCall>[1];

const HEAD = 'import os, subprocess, sys, time\nfrom weft_tasks import task, TaskError\n\n';

const run = (body: string, more: JsonObject = {}, parts: Parts = {}) =>
  pythonExecutor.run(executorCall({ source: `${HEAD}${body}`, ...more }, parts));

/** A task that ends with this expression; `tag` keeps it from the process of another. */
const value = (expression: string, more: JsonObject = {}, parts: Parts = {}) =>
  run(`@task\ndef f(ctx, **args):\n    return ${expression}\n`, more, parts);

function outputOf(outcome: Outcome): Json {
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return outcome.output;
}

const expectGone = (pid: number) => expect.poll(() => isGone(pid), { timeout: 5_000 }).toBe(true);

describe.runIf(hasPython)('a Python function', () => {
  test('gets its arguments by name or by place, and returns JSON', async () => {
    const source = '@task\ndef area(width, height=1):\n    return {"area": width * height, "none": None}\n';

    expect(await run(source, { args: { width: 3, height: 4 } })).toEqual({
      kind: 'succeeded',
      output: { area: 12, none: null },
    });
    expect(outputOf(await run(source, { args: [5] }))).toEqual({ area: 5, none: null });
    expect(await run(source, { args: { depth: 1 } })).toMatchObject({
      error: { code: 'invalid_input', retryable: false },
    });
  });

  test('may be in a file beside others, and its file may change', async () => {
    const file = join(folder, 'jobs.py');
    await writeFile(join(folder, 'numbers_of_mine.py'), 'ANSWER = 42\n');
    await writeFile(
      file,
      `${HEAD}import numbers_of_mine\n\n@task\ndef first(): return numbers_of_mine.ANSWER\n\n@task(name="other")\ndef second(): return 2\n`,
    );
    const call = (name?: string) =>
      pythonExecutor.run(executorCall({ file, ...(name === undefined ? {} : { function: name }) }));

    expect(outputOf(await call('first'))).toBe(42);
    expect(outputOf(await call('other'))).toBe(2);
    expect(await call()).toMatchObject({
      error: { code: 'python_no_task', message: expect.stringContaining('first, other') },
    });
    await writeFile(file, `${HEAD}@task\ndef first(): return "changed"\n`);
    await utimes(file, new Date(), new Date(Date.now() + 5_000));
    expect(outputOf(await call('first'))).toBe('changed');
  });

  test('only when it is marked as a task', async () => {
    expect(await run('def f(): return 1\n', { function: 'f' })).toMatchObject({
      error: { code: 'python_no_task', retryable: false, message: expect.stringContaining('@task') },
    });
    expect(await run('@task\ndef f(): return 1\n', { function: 'os.system' })).toMatchObject({
      error: { code: 'python_no_task' },
    });
  });

  test('may return a result with control', async () => {
    expect(await value('{"output": 1, "stateUpdates": {"n": 2}}')).toEqual({
      kind: 'succeeded',
      output: 1,
      stateUpdates: { n: 2 },
    });
  });

  test('tells what it prints and what it says, in that order', async () => {
    const told: Json[] = [];
    const source = `@task
def f(ctx):
    print("printed")
    ctx.emit({"n": 1}); ctx.token("piece", by="me"); ctx.progress(0.5); ctx.heartbeat()
    ctx.log("info", "said", a=1)
    print("wrong", file=sys.stderr)
    return [ctx.attempt, ctx.idempotency_key]
`;
    const outcome = await run(
      source,
      {},
      {
        attempt: 3,
        emit: (data) => told.push(data),
        token: (text, metadata) => told.push([text, metadata ?? {}]),
        heartbeat: (progress) => told.push(['beat', progress ?? null]),
        log: (level, message, fields) => told.push([level, message, fields ?? {}]),
      },
    );

    expect(outputOf(outcome)).toEqual([3, '0197a000-0000-8000-8000-000000000002']);
    expect(told.filter((one) => !(Array.isArray(one) && one[0] === '\n'))).toEqual([
      ['printed', { stream: 'stdout' }],
      { n: 1 },
      ['piece', { by: 'me' }],
      ['beat', 0.5],
      ['beat', null],
      ['info', 'said', { a: 1 }],
      ['wrong', { stream: 'stderr' }],
    ]);
  });

  test('sees nothing of the environment of its worker, and loads nothing from it', async () => {
    await writeFile(join(folder, 'sitecustomize.py'), 'raise SystemExit(9)\n');
    Object.assign(process.env, { PYTHONPATH: folder, PYTHONSTARTUP: 'x', LD_PRELOAD: '', WEFT_SECRET_LEAK: 'hunter2' });
    const names = outputOf(await value('sorted(os.environ) + [1]')) as string[];
    for (const name of ['PYTHONPATH', 'PYTHONSTARTUP', 'LD_PRELOAD', 'WEFT_SECRET_LEAK']) delete process.env[name];

    const known = /^(PATH|HOME|LANG|LC_CTYPE|WEFT_TASK|_?PYENV_.*|PWD|OLDPWD|SHLVL|_)$/;
    expect(names.slice(0, -1).filter((name) => !known.test(name))).toEqual([]);
  });
});

describe.runIf(hasPython)('the process of a Python function', () => {
  const tenant = randomUUID();
  const pid = (more: JsonObject = {}, parts: Parts = {}) =>
    value('os.getpid()', more, { tenant, ...parts }).then(outputOf);

  test('is used again for the same code, and never for another tenant', async () => {
    const first = await pid();

    expect(await pid()).toBe(first);
    expect(await pid({}, { tenant: randomUUID() })).not.toBe(first);
  });

  test('is not used again when it has grown', async () => {
    const source = '@task\ndef f():\n    global kept\n    kept = b"x" * 80_000_000\n    return os.getpid()\n';
    const parts = { tenant: randomUUID() };
    const first = outputOf(await run(source, { memoryMb: 128 }, parts));

    expect(outputOf(await run(source, { memoryMb: 128 }, parts))).not.toBe(first);
    await expectGone(Number(first));
  });

  test('is replaced when it dies between two tasks', async () => {
    const first = Number(await pid());
    process.kill(first, 'SIGKILL');
    await expectGone(first);

    await expect.poll(() => pid().catch(() => first)).not.toBe(first);
  });

  test('ends with a worker that is killed, though it is busy', async () => {
    const source = `${HEAD}@task\ndef f(ctx):\n    ctx.emit(os.getpid())\n    while True: pass\n`;

    await expectGone(await pidUnderKilledWorker('python', source));
  });
});

describe.runIf(hasPython)('a Python function that fails', () => {
  test('shows the type of its error, and the end of its trace', async () => {
    const source = '@task\ndef f():\n    return inner()\n\ndef inner():\n    raise ValueError("no such colour")\n';

    expect(await run(source)).toMatchObject({
      kind: 'failed',
      error: {
        code: 'python_failed',
        message: 'no such colour',
        retryable: true,
        details: {
          type: 'ValueError',
          trace: expect.stringMatching(/line 9, in inner\n[^]*ValueError: no such colour\n$/),
        },
      },
    });
  });

  test('may say what that means', async () => {
    const source = '@task\ndef f():\n    raise TaskError("busy", code="sold_out", retry_after_ms=1500)\n';

    expect(await run(source)).toMatchObject({
      retryAfterMs: 1_500,
      error: { code: 'sold_out', retryable: true, details: { type: 'TaskError' } },
    });
  });

  test.each<[string, string, string, boolean]>([
    ['is no Python', 'def f(:\n', 'python_invalid', false],
    ['imports what is not there', 'import nothing_of_this_name\n', 'python_invalid', false],
    ['returns what is no JSON', '@task\ndef f(): return {1, 2}\n', 'output_not_json', false],
    ['returns NaN', '@task\ndef f(): return float("nan")\n', 'output_not_json', false],
    ['returns too much', '@task\ndef f(): return "x" * 2_000_000\n', 'output_too_large', false],
    ['exits', '@task\ndef f(): sys.exit(3)\n', 'python_exit', true],
    ['crashes', '@task\ndef f(): os.abort()\n', 'python_exit', true],
    ['asks for all memory at once', '@task\ndef f(): return len(b"x" * 30_000_000_000)\n', 'out_of_memory', false],
    [
      'fills the memory',
      '@task\ndef f():\n    kept = []\n    while True: kept.append(b"x" * 1_000_000)\n',
      'out_of_memory',
      false,
    ],
  ])('because it %s', async (_why, source, code, retryable) => {
    expect(await run(source, { memoryMb: 96 })).toMatchObject({ kind: 'failed', error: { code, retryable } });
  });

  test.each<[string, Json]>([
    ['', {}],
    ['', { source: 'a', module: 'b' }],
    ['/module', { module: 'os; import sys' }],
    ['/module', { module: '-c' }],
    ['/file', { file: '/nowhere/at/all.py' }],
    ['/file', { file: 'a\0b.py' }],
    ['/args', { source: 'a', args: 7 }],
    ['/env', { source: 'a', env: { PYTHONPATH: '/tmp' } }],
  ])('because of %s is an invalid input: %j', async (pointer, input) => {
    expect(await pythonExecutor.run(executorCall(input))).toMatchObject({
      error: { code: 'invalid_input', retryable: false, details: { errors: [{ pointer }] } },
    });
  });

  test('because there is no such Python', async () => {
    process.env['WEFT_PYTHON'] = '/nowhere/python';
    const outcome = await value('1');
    delete process.env['WEFT_PYTHON'];

    expect(outcome).toMatchObject({
      error: { code: 'python_not_found', retryable: false, message: expect.stringContaining('WEFT_PYTHON') },
    });
  });
});

describe.runIf(hasPython)('what a Python function leaves behind', () => {
  test('is ended with it, wherever it has gone', async () => {
    const source = `@task
def f():
    subprocess.Popen(["sh", "-c", "setsid sh -c 'echo $$ > ${folder}/stray; exec sleep 300' & wait"])
    while not os.path.exists("${folder}/stray"): time.sleep(0.01)
    time.sleep(0.05)
    return int(open("${folder}/stray").read())
`;
    await expectGone(Number(outputOf(await run(source))));
  });

  test('is cut off after the first MiB of 50 MB that it prints', async () => {
    let bytes = 0;
    const source =
      '@task\ndef f():\n    for _ in range(50): print("x" * 1_000_000)\n    os.system("head -c 5000000 /dev/zero")\n    return "done"\n';
    const token = (text: string) => (bytes += text.length);

    expect(outputOf(await run(source, {}, { token }))).toBe('done');
    expect(bytes).toBeLessThan(2_200_000);
  });

  test('may be cleaned up when it is stopped', async () => {
    const controller = new AbortController();
    const told: Json[] = [];
    const emit = (data: Json) => (data === 'up' ? controller.abort(new Error('cancel')) : told.push(data));
    const source = `@task
def f(ctx):
    try:
        ctx.emit("up")
        time.sleep(300)
    except Exception:
        ctx.emit("swallowed")
    finally:
        ctx.emit("cleaned")
`;
    expect(await run(source, {}, { emit, signal: controller.signal })).toMatchObject({ error: { code: 'aborted' } });
    expect(told).toEqual(['cleaned']);
  });
});
