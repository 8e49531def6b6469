/** What hostile input does to a command: nothing, or a refusal with a code. */
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Json, JsonObject } from '@weft/contract';
import { executorCall } from '@weft/testkit/conformance/executor';
import { afterAll, describe, expect, test } from 'vitest';

import processExecutor from '../src/builtin/process.ts';

const folder = await mkdtemp(join(tmpdir(), 'weft-hostile-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (input: JsonObject) => processExecutor.run(executorCall(input));
const exists = (name: string) =>
  access(join(folder, name)).then(
    () => true,
    () => false,
  );

const ECHO_ARGUMENTS = ['-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--'];

describe('an argument from outside', () => {
  test.each([
    ['a second command', '; touch made'],
    ['a substitution', '$(touch made)'],
    ['an old substitution', '`touch made`'],
    ['a pipe', '| touch made'],
    ['a redirection', '> made'],
    ['a line break', 'a\ntouch made'],
    ['a pattern', '*'],
    ['a variable', '$HOME'],
    ['a quote', '"\'\\'],
  ])('that holds %s is a text like any other', async (_what, hostile) => {
    const outcome = await run({
      command: process.execPath,
      args: [...ECHO_ARGUMENTS, hostile],
      operands: [hostile],
      env: { HOSTILE: hostile },
      cwd: folder,
      parse: 'json',
    });

    expect(outcome).toMatchObject({ kind: 'succeeded', output: { value: [hostile, hostile] } });
    expect(await exists('made')).toBe(false);
  });

  test.each<[string, Json]>([
    ['/operands/0', ['--upload-pack=touch made']],
    ['/operands/1', ['file', '-o']],
    ['/operands/0', [-1]],
    ['/operands/0', ['a\0b']],
  ])('that could be an option is refused as an operand: %s', async (pointer, operands) => {
    expect(await run({ command: 'git', args: ['ls-remote'], operands })).toMatchObject({
      kind: 'failed',
      error: { code: 'invalid_input', retryable: false, details: { errors: [{ pointer }] } },
    });
  });

  test.each(['touch made', '$(touch made)', '-c', 'true;touch made', 'true\n'])(
    'is no command: %j',
    async (command) => {
      expect(await run({ command, cwd: folder })).toMatchObject({ error: { code: 'command_not_found' } });
      expect(await exists('made')).toBe(false);
    },
  );
});

describe('a variable that puts code into programs', () => {
  const names = `LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES GCONV_PATH GLIBC_TUNABLES NODE_OPTIONS node_options
    NODE_PATH PYTHONPATH PYTHONSTARTUP PYTHONHOME PYTHONWARNINGS BASH_ENV ENV SHELLOPTS BASH_FUNC_ls%% IFS PS4 PERL5OPT RUBYOPT
    JAVA_TOOL_OPTIONS GIT_SSH_COMMAND GIT_CONFIG_COUNT GIT_EXTERNAL_DIFF`;

  test.each(names.split(/\s+/))('is refused: %s', async (name) => {
    await writeFile(join(folder, 'hook.sh'), 'touch made');

    expect(
      await run({ command: 'bash', args: ['-c', 'true'], env: { [name]: './hook.sh' }, cwd: folder }),
    ).toMatchObject({
      kind: 'failed',
      error: { code: 'invalid_input', retryable: false, details: { errors: [{ pointer: `/env/${name}` }] } },
    });
    expect(await exists('made')).toBe(false);
  });

  test('is not inherited from the worker', async () => {
    process.env['BASH_ENV'] = join(folder, 'hook.sh');
    await run({ command: 'bash', args: ['-c', 'true'], cwd: folder });
    delete process.env['BASH_ENV'];

    expect(await exists('made')).toBe(false);
  });
});

test('50 MB of output are cut off, and the worker keeps none of it', async () => {
  const before = process.memoryUsage().arrayBuffers;

  expect(await run({ command: 'head', args: ['-c', '50000000', '/dev/zero'] })).toMatchObject({
    error: { code: 'output_too_large', details: { maxBytes: 1_048_576 } },
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000);
});
