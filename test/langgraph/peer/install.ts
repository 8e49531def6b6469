/** Installs LangGraph, which is no dependency of Weft, in the versions of its lockfile. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const FOLDER = import.meta.dirname;
const STAMP = join(FOLDER, 'node_modules', '.installed');
const PATIENCE_MS = 60_000;

/**
 * Does nothing if it is there already. No install script is run, and a registry that is not there or slow is given up.
 *
 * @returns why LangGraph cannot be used; null if it can.
 */
export async function installLangGraph(): Promise<string | null> {
  if (process.env['WEFT_TEST_LANGGRAPH'] === 'off') return 'WEFT_TEST_LANGGRAPH is off';
  const hash = createHash('sha256')
    .update(readFileSync(join(FOLDER, 'package-lock.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return null;
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=0'];
  try {
    await promisify(execFile)('npm', args, { cwd: FOLDER, timeout: PATIENCE_MS });
  } catch (error) {
    rmSync(join(FOLDER, 'node_modules'), { recursive: true, force: true });
    return reasonOf(error);
  }
  writeFileSync(STAMP, hash);
  return null;
}

function reasonOf(error: unknown): string {
  const { killed, stderr, message } = error as { killed?: boolean; stderr?: string; message: string };
  if (killed) return `npm ci took more than ${PATIENCE_MS / 1000} s`;
  return (stderr || message).trim().split('\n')[0] ?? message;
}
