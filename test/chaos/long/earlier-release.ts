/** What was deployed before: the commit before the one that brought the newest migration, in a folder of its own. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { onTestFinished } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..', '..');
const INSTALL_TIMEOUT_MS = 240_000;

/** Its folder, ready to run; null, with a line that says why, where the history or the packages are not at hand. */
export async function earlierRelease(): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-earlier-'));
  const git = async (...args: string[]) => (await run('git', args, { cwd: ROOT })).stdout.trim();
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true });
    await git('worktree', 'prune').catch(() => undefined);
  });
  try {
    const newest = await git('log', '-1', '--diff-filter=A', '--format=%H', '--', 'packages/postgres/migrations');
    await git('worktree', 'add', '--detach', join(folder, 'weft'), `${newest}^`);
    const cwd = join(folder, 'weft');
    const [pnpm = 'pnpm'] = /pnpm@[\d.]+/.exec(readFileSync(join(cwd, 'scripts', 'environment.mjs'), 'utf8')) ?? [];
    const install = ['-y', pnpm, 'install', '--frozen-lockfile', '--prefer-offline', '--ignore-scripts'];
    await run('npx', install, { cwd, timeout: INSTALL_TIMEOUT_MS });
    return cwd;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    process.stderr.write(
      `weft: the earlier release cannot be made ready here, so deployments are not tested: ${reason}\n`,
    );
    return null;
  }
}
