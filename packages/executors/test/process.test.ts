import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Json, JsonObject } from '@weft/contract';
import type { Outcome } from '@weft/engine/ports';
import { executorCall } from '@weft/testkit/conformance/executor';
import { afterAll, describe, expect, test } from 'vitest';

import processExecutor from '../src/builtin/process.ts';

const folder = await mkdtemp(join(tmpdir(), 'weft-process-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

type Parts = Parameters<typeof executorCall>[1];

const run = (input: JsonObject, parts: Parts = {}) => processExecutor.run(executorCall(input, parts));
const sh = (script: string, more: JsonObject = {}, parts: Parts = {}) =>
  run({ command: 'sh', args: ['-c', script], ...more }, parts);
const js = (script: string, more: JsonObject = {}, parts: Parts = {}) =>
  run({ command: process.execPath, args: ['-e', script], ...more }, parts);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Dead, too, are orphans that the init process has not reaped yet. */
async function isGone(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !isAlive(pid) || status.includes(') Z ');
}

const expectGone = (pid: number) => expect.poll(() => isGone(pid), { timeout: 3_000 }).toBe(true);

function outputOf(outcome: Outcome): JsonObject {
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return outcome.output as JsonObject;
}

/** Aborts a call at its first output. */
function abortAtOutput(): { parts: Parts; since: () => number } {
  const controller = new AbortController();
  let abortedAt = 0;
  const heartbeat = () => {
    if (controller.signal.aborted) return;
    abortedAt = performance.now();
    controller.abort(new Error('timeout'));
  };
  return { parts: { signal: controller.signal, heartbeat }, since: () => performance.now() - abortedAt };
}

describe('a command', () => {
  test('gives its exit code, its output and the text without the last line break', async () => {
    expect(await sh('echo out; echo err >&2')).toEqual({
      kind: 'succeeded',
      output: { exitCode: 0, stdout: 'out\n', stderr: 'err\n', value: 'out' },
    });
  });

  test.each<[string, string, Json]>([
    ['text', 'a\nb\r\n\n', 'a\nb'],
    ['lines', 'a\n\nb\r\nc\n', ['a', '', 'b', 'c']],
    ['lines', '', []],
    ['json', ' {"a":[1]}\n', { a: [1] }],
  ])('has its output read as %s: %j', async (parse, text, value) => {
    expect(outputOf(await run({ command: 'cat', stdin: text, parse }))['value']).toEqual(value);
  });

  test('that should write JSON and does not fails with invalid_json', async () => {
    expect(await sh('echo "{"', { parse: 'json' })).toMatchObject({
      kind: 'failed',
      error: { code: 'invalid_json', retryable: false },
    });
  });

  test('gets its arguments as they are, without a shell', async () => {
    const args = [
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1)))',
      '--',
      '$HOME; echo `id`',
      '*',
      '',
      7,
      true,
    ];

    expect(outputOf(await run({ command: process.execPath, args, parse: 'json' }))['value']).toEqual([
      '$HOME; echo `id`',
      '*',
      '',
      '7',
      'true',
    ]);
  });

  test('sees PATH, HOME, LANG, whose attempt it is and what it is given, nothing of the worker', async () => {
    process.env['WEFT_SECRET_LEAK'] = 'hunter2';
    const { value } = outputOf(
      await js('console.log(JSON.stringify(process.env))', { env: { MODE: 'fast', N: 3 }, parse: 'json' }),
    );
    delete process.env['WEFT_SECRET_LEAK'];

    expect(value).toMatchObject({ MODE: 'fast', N: '3', PATH: process.env['PATH'] });
    const known = new Set(['PATH', 'HOME', 'LANG', 'WEFT_TASK', 'MODE', 'N']);
    expect(Object.keys(value as JsonObject).filter((name) => !known.has(name))).toEqual([]);
  });

  test('runs in its folder', async () => {
    await writeFile(join(folder, 'here.txt'), 'found');

    expect(outputOf(await run({ command: 'cat', args: ['here.txt'], cwd: folder }))['value']).toBe('found');
  });

  test('takes 10 MB on its standard input', async () => {
    const stdin = 'é'.repeat(5_000_000);
    const { value } = outputOf(await run({ command: 'wc', args: ['-c'], stdin }));

    expect(Number(value)).toBe(10_000_000);
  });

  test('takes any other value on its standard input as JSON', async () => {
    const stdin = { list: [1, 'two', null] };

    expect(outputOf(await run({ command: 'cat', stdin, parse: 'json' }))['value']).toEqual(stdin);
  });

  test('finds its standard input closed when there is none', async () => {
    expect(outputOf(await run({ command: 'cat' }))['stdout']).toBe('');
  });

  test('need not read its standard input', async () => {
    expect(await run({ command: 'true', stdin: 'x'.repeat(10_000_000) })).toMatchObject({ kind: 'succeeded' });
  });

  test('has characters kept whole that arrive in pieces, and bytes that are no text replaced', async () => {
    const pieces = `
      const bytes = Buffer.from('a🔑b'); let i = 0;
      const next = () => i < bytes.length && process.stdout.write(bytes.subarray(i, ++i), () => setImmediate(next));
      next();`;
    expect(outputOf(await js(pieces))['stdout']).toBe('a🔑b');

    const { stdout } = outputOf(await js('process.stdout.write(Buffer.from([0x61, 0xff, 0, 0x62]))'));
    expect(stdout).toBe('a\ufffd\0b');
  });

  test('says that the attempt is alive as it writes', async () => {
    let beats = 0;
    await sh('echo 1', {}, { heartbeat: () => (beats += 1) });

    expect(beats).toBeGreaterThan(0);
  });
});

describe('a command that tells events', () => {
  test('writes lines of JSON to the descriptor that it is told', async () => {
    const told: unknown[] = [];
    const warned: string[] = [];
    const lines = [
      '{"custom":{"n":1}}',
      '{"token":"Hel"}',
      'no json',
      '{"other":1}',
      '{"progress":0.5}',
      '{"token":"lo"}',
    ];
    const script = `const { WEFT_EVENTS_FD } = process.env;
      require('node:fs').writeSync(Number(WEFT_EVENTS_FD), ${JSON.stringify(`${lines.join('\n')}\n`)});
      console.log('done')`;
    const outcome = await run(
      { command: process.execPath, args: ['-e', script], events: true },
      {
        emit: (data) => told.push(data),
        token: (text) => told.push(text),
        heartbeat: (progress) => progress !== undefined && told.push(progress),
        log: (_level, message) => warned.push(message),
      },
    );

    expect(outputOf(outcome)['stdout']).toBe('done\n');
    expect(told).toEqual([{ n: 1 }, 'Hel', 0.5, 'lo']);
    expect(warned).toHaveLength(2);
  });

  test('has no such descriptor unless it asks for one', async () => {
    const outcome = await js('process.stdout.write(String(process.env.WEFT_EVENTS_FD))');
    expect(outputOf(outcome)['stdout']).toBe('undefined');
  });
});

describe('a command that fails', () => {
  test('with an exit code is retryable and shows the end of its standard error', async () => {
    const outcome = await sh('head -c 5000 /dev/zero | tr "\\0" x >&2; echo the end >&2; exit 3');

    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'process_exit', retryable: true, details: { exitCode: 3, signal: null } },
    });
    const stderr = outcome.kind === 'failed' ? outcome.error.details?.['stderr'] : undefined;
    expect(stderr).toMatch(/^x+the end\n$/);
    expect(stderr).toHaveLength(2_000);
  });

  test('by a signal names it', async () => {
    expect(await sh('kill -9 $$')).toMatchObject({
      error: { code: 'process_exit', details: { exitCode: null, signal: 'SIGKILL' } },
    });
  });

  test('because there is none is not retried', async () => {
    expect(await run({ command: 'no-such-command-here' })).toMatchObject({
      kind: 'failed',
      error: { code: 'command_not_found', retryable: false, message: expect.stringContaining('no-such-command-here') },
    });
  });

  test('because it cannot be executed is not retried', async () => {
    expect(await run({ command: folder })).toMatchObject({
      error: { code: 'command_not_started', retryable: false, details: { cause: 'EACCES' } },
    });
    expect(await run({ command: 'true', args: ['x'.repeat(3_000_000)] })).toMatchObject({
      error: { code: 'command_not_started', retryable: false, details: { cause: 'E2BIG' } },
    });
  });

  test.each<[string, JsonObject]>([
    ['/cwd', { command: 'true', cwd: join(folder, 'none') }],
    ['/cwd', { command: 'true', cwd: process.execPath }],
    ['/command', { command: '' }],
    ['/command', { command: 'a\0b' }],
    ['/args/1', { command: 'true', args: ['a', 'b\0c'] }],
    ['/args/0', { command: 'true', args: [null] }],
    ['/env/A=B', { command: 'true', env: { 'A=B': 'c' } }],
    ['/env/A', { command: 'true', env: { A: 'b\0c' } }],
    ['/env/LD_PRELOAD', { command: 'true', env: { LD_PRELOAD: 'x.so' } }],
    ['/parse', { command: 'true', parse: 'xml' }],
    ['/maxBytes', { command: 'true', maxBytes: 50_000_000 }],
    ['/shell', { command: 'true', shell: true }],
  ])('because of %s is an invalid input: %j', async (pointer, input) => {
    expect(await run(input)).toMatchObject({
      error: { code: 'invalid_input', retryable: false, details: { errors: [{ pointer }] } },
    });
  });
});

describe('a command that writes too much', () => {
  test('F42: to either stream is killed', async () => {
    const tooLarge = {
      kind: 'failed',
      error: { code: 'output_too_large', retryable: false, details: { maxBytes: 1_000 } },
    };

    expect(await run({ command: 'yes', maxBytes: 1_000 })).toMatchObject(tooLarge);
    expect(await sh('exec yes >&2', { maxBytes: 1_000 })).toMatchObject(tooLarge);
  });

  test('may write exactly the limit', async () => {
    expect(await sh('head -c 1000 /dev/zero', { maxBytes: 1_000 })).toMatchObject({ kind: 'succeeded' });
    expect(await sh('head -c 1001 /dev/zero', { maxBytes: 1_000 })).toMatchObject({ kind: 'failed' });
  });

  test('has all of 10 MiB read when that is the limit', async () => {
    const maxBytes = 10 * 1_048_576;
    const { stdout } = outputOf(await sh(`yes | head -c ${maxBytes}`, { maxBytes }));

    expect(stdout).toHaveLength(maxBytes);
  });
});

describe('a command whose signal is aborted', () => {
  test('may clean up', async () => {
    const file = join(folder, 'cleaned');
    const { parts } = abortAtOutput();
    const outcome = await sh(
      `trap 'echo yes > ${file}; exit 0' TERM; echo up; while :; do sleep 0.05; done`,
      {},
      parts,
    );

    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'aborted', retryable: true, message: expect.stringContaining('timeout') },
    });
    expect(await readFile(file, 'utf8')).toBe('yes\n');
  });

  test('F44: is killed within a second with its descendants, though all of them ignore SIGTERM', async () => {
    const file = join(folder, 'stubborn');
    const { parts, since } = abortAtOutput();
    const stubborn = `trap '' TERM; (trap '' TERM; sleep 300) & echo "$$ $!" > ${file}; echo up; wait; sleep 300`;
    const outcome = await sh(stubborn, {}, parts);

    expect(outcome).toMatchObject({ error: { code: 'aborted' } });
    // It ends by the kill after 500 ms, not by being given up after 900.
    expect(since()).toBeLessThan(900);
    for (const pid of (await readFile(file, 'utf8')).split(' ')) await expectGone(Number(pid));
  });

  test('is killed with a descendant that let go of the output', async () => {
    const { parts } = abortAtOutput();
    const file = join(folder, 'silent');
    await sh(`(trap '' TERM; exec sleep 300) >/dev/null 2>&1 & echo $! > ${file}; echo up; exec sleep 300`, {}, parts);

    await expectGone(Number(await readFile(file, 'utf8')));
  });

  test('is killed though it has closed its output', async () => {
    const controller = new AbortController();
    const started = join(folder, 'started');
    const running = sh(`exec >&- 2>&-; echo $$ > ${started}; exec sleep 300`, {}, { signal: controller.signal });
    await expect.poll(() => readFile(started, 'utf8').catch(() => '')).toMatch(/^\d+\n$/);
    controller.abort(new Error('cancel'));

    expect(await running).toMatchObject({ error: { code: 'aborted' } });
    await expectGone(Number(await readFile(started, 'utf8')));
  });

  test('is killed while it still gets its standard input', async () => {
    const { parts, since } = abortAtOutput();
    const outcome = await sh('echo up; exec sleep 300', { stdin: 'x'.repeat(10_000_000) }, parts);

    expect(outcome).toMatchObject({ error: { code: 'aborted' } });
    expect(since()).toBeLessThan(1_000);
  });
});

describe('what a command leaves running', () => {
  test('does not hold its task open and is killed', async () => {
    const startedAt = performance.now();
    const { value } = outputOf(await sh('sleep 300 & echo $!'));

    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await expectGone(Number(value));
  });

  test('is killed also when it has let go of the output', async () => {
    const { value } = outputOf(await sh('sleep 300 >/dev/null 2>&1 & echo $!'));

    await expectGone(Number(value));
  });

  test('may still write for a moment', async () => {
    expect(outputOf(await sh('(sleep 0.1; echo late) & echo early'))['stdout']).toBe('early\nlate\n');
  });

  test('does not hold its task open from a session of its own, and is killed there soon', async () => {
    const { stdout } = outputOf(await sh('setsid sleep 300 & echo $!'));
    const pid = Number(stdout);

    expect(isAlive(pid)).toBe(true);
    await expectGone(pid);
  });

  test('does not outlive a worker that was killed longer than to the next attempt', async () => {
    const taskId = randomUUID();
    // What is left by a worker that had no time: it belongs to the first attempt, and to no process that is known here.
    const lost = spawn('sleep', ['300'], {
      detached: true,
      env: { PATH: '/usr/bin:/bin', WEFT_TASK: `${taskId}/1/a` },
    });
    const other = spawn('sleep', ['300'], { env: { PATH: '/usr/bin:/bin', WEFT_TASK: `${randomUUID()}/1/b` } });
    const ended = once(lost, 'exit');

    expect(outputOf(await sh('echo $WEFT_TASK', {}, { taskId, attempt: 2 }))['value']).toMatch(`${taskId}/2/`);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(other.exitCode ?? other.signalCode).toBeNull();
    other.kill('SIGKILL');
  });

  test('does not outlive the worker either, when that exits', async () => {
    const file = join(folder, 'orphan');
    const module = new URL('../src/builtin/process.ts', import.meta.url).href;
    const input = { command: 'sh', args: ['-c', `echo $$ > ${file}; echo up; exec sleep 300`] };
    const worker = `
      const { default: executor } = await import(${JSON.stringify(module)});
      const heartbeat = () => process.exit(0);
      await executor.run({ input: ${JSON.stringify(input)}, signal: new AbortController().signal, taskId: 't', attempt: 1, heartbeat });`;
    await run({ command: process.execPath, args: ['--input-type=module', '-e', worker] });

    await expectGone(Number(await readFile(file, 'utf8')));
  });
});
