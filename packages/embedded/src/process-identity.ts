import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { systemCode } from './embedded-error.ts';

/**
 * A text that stays the same as long as process `pid` runs and differs for any later process with the same number.
 * Null if no such process runs; a zombie does not run.
 */
export function identityOf(pid: number): string | null {
  if (!exists(pid)) return null;
  if (process.platform !== 'linux') return `${pid} ${startTimeByPs(pid)}`;
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field is the command in parentheses and may contain spaces: count from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') return null;
  return `${pid} ${fields[19]} ${readProc('/proc/sys/kernel/random/boot_id')?.trim()}`;
}

/** Whether process `pid` works in `folder`; null where the system does not tell. */
export function worksIn(pid: number, folder: string): boolean | null {
  if (process.platform !== 'linux') return null;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? false : null;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

function startTimeByPs(pid: number): string {
  return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
