/** Completion as the shells do it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { weft } from './fake-terminal.ts';

const run = promisify(execFile);

async function completed(...words: string[]): Promise<string[]> {
  const { out } = await weft(['completion', 'bash']);
  const script = `${out}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _weft; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', script, 'bash', ...words], { cwd: '/' });
  return stdout.trim().split('\n');
}

test('bash completes commands, those below them, and options, wherever they stand', async () => {
  expect(await completed('weft', 'chec')).toEqual(['checkpoints', 'checkpoint']);
  expect(await completed('weft', 'dlq', 're')).toEqual(['retry']);
  expect(await completed('weft', '--json', 'mesh', 'disp')).toEqual(['dispatch']);
  expect(await completed('weft', 'fork', 'some-run', '--ed')).toEqual(['--edit']);
  expect(await completed('weft', 'run', 'file.yaml', '--det')).toEqual(['--detach']);
});

test.each(['zsh', 'fish'])('%s gets every command with its description', async (shell) => {
  const { code, out } = await weft(['completion', shell]);
  expect(code).toBe(0);
  for (const command of ['checkpoints', 'mesh', 'dispatch', 'top']) expect(out).toContain(command);
  expect(out).toContain('newest first');
});

test('another shell is refused with those that are known', async () => {
  expect(await weft(['completion', 'tcsh'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('bash, zsh, fish'),
  });
});
