import { spawnSync } from 'node:child_process';
import { chownSync, lstatSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * As whom Postgres runs. It refuses to run as root and as a user without a name.
 *
 * - `self`: as the user of this process.
 * - `nobody`: root gives up its rights for those of user 65534.
 * - `namespace`: in a user namespace in which this user is called 65534. Outside it stays itself, so it still reaches
 *   folders that only it may enter, such as `/root`.
 */
export type RunAs = 'self' | 'nobody' | 'namespace';

const NOBODY = 65_534;

/** How to spawn one program as somebody. */
export type SpawnPlan = {
  command: string;
  args: string[];
  options: { cwd: string; env: Record<string, string>; uid?: number; gid?: number };
};

/** The ways to run Postgres that are worth trying for this user, best first. */
export function runAsChoices(): readonly RunAs[] {
  if (process.getuid?.() === 0) return ['nobody', 'namespace'];
  return hasUserName() ? ['self'] : ['namespace'];
}

/** How to spawn `command` as `runAs`; no variable of our environment reaches it. */
export function planSpawn(runAs: RunAs, command: string, args: readonly string[]): SpawnPlan {
  const options = { cwd: '/', env: { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin' } };
  switch (runAs) {
    case 'self':
      return { command, args: [...args], options };
    case 'nobody':
      return { command, args: [...args], options: { ...options, uid: NOBODY, gid: NOBODY } };
    case 'namespace': {
      const flags = ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--'];
      return { command: 'unshare', args: [...flags, command, ...args], options };
    }
  }
}

/** Tries whether `runAs` can enter `folder` and run `program` (asked for its version only). */
export function canRun(runAs: RunAs, program: string, folder: string): boolean {
  const script = 'test -x "$1" && exec "$2" --version';
  const plan = planSpawn(runAs, '/bin/sh', ['-c', script, 'sh', folder, program]);
  return spawnSync(plan.command, plan.args, { ...plan.options, stdio: 'ignore' }).status === 0;
}

/** Gives a file or folder, with all in it, to the user that `runAs` is outside of any namespace. Only root can. */
export function giveTo(runAs: RunAs, path: string): void {
  if (process.getuid?.() !== 0) return;
  const owner = runAs === 'nobody' ? NOBODY : 0;
  if (lstatSync(path).uid !== owner) chownDeep(path, owner);
}

/** The top comes last: as long as it has the old owner, an interrupted change is done again. */
function chownDeep(path: string, owner: number): void {
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) chownDeep(join(path, name), owner);
  if (!lstatSync(path).isSymbolicLink()) chownSync(path, owner, owner);
}

function hasUserName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}
