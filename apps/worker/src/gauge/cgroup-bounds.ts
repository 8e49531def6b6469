/** What the control groups of this process let it use, of both versions, and what is used of that. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

type Files = { limit: string; usage: string; stat: string; inactive: string };
type Controller = { root: string; pattern: RegExp; files: Files };

const V2: Controller = {
  root: '/sys/fs/cgroup',
  pattern: /^0::(.*)$/m,
  files: { limit: 'memory.max', usage: 'memory.current', stat: 'memory.stat', inactive: 'inactive_file' },
};
const V1: Controller = {
  root: '/sys/fs/cgroup/memory',
  pattern: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m,
  files: {
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    stat: 'memory.stat',
    inactive: 'total_inactive_file',
  },
};

/** One group with a limit of its own; a group bounds all that are below it. */
export type CgroupBound = { limitBytes: number; usedBytes(): number };

/** `own`: the content of /proc/self/cgroup. `mostBytes`: a limit above that is none. Empty where there are no limits. */
export function cgroupBounds(mostBytes: number, own = readText('/proc/self/cgroup') ?? ''): CgroupBound[] {
  return [V2, V1].flatMap((controller) => boundsOf(controller, own, mostBytes));
}

function boundsOf({ root, pattern, files }: Controller, own: string, mostBytes: number): CgroupBound[] {
  const path = pattern.exec(own)?.[1];
  if (path === undefined) return [];
  return foldersOf(root, path).flatMap((folder) => {
    const limitBytes = Number(readText(join(folder, files.limit)));
    return limitBytes > 0 && limitBytes < mostBytes ? [{ limitBytes, usedBytes: () => usedBytes(folder, files) }] : [];
  });
}

/** The group and those above it. In a container the path may be one of the host, and the root the container's own group. */
function foldersOf(root: string, path: string): string[] {
  const folders = [root];
  for (let at = path; at !== '/' && at !== '.' && at !== ''; at = dirname(at)) folders.push(join(root, at));
  return folders;
}

/** File pages that nobody has used lately are given back before anything is killed. */
function usedBytes(folder: string, { usage, stat, inactive }: Files): number {
  const used = Number(readText(join(folder, usage)) ?? 0);
  const line = new RegExp(`^${inactive} (\\d+)$`, 'm').exec(readText(join(folder, stat)) ?? '');
  return Math.max(0, used - Number(line?.[1] ?? 0));
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // Not every system has it.
    return undefined;
  }
}
