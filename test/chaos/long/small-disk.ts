/** A small file system in memory, to be filled up. Only root can make one. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

export type SmallDisk = {
  path: string;
  /** Leaves so many bytes free. */
  fill(freeBytes: number): void;
  /** Gives back what `fill` took. */
  empty(): void;
};

/** Whether one can be made here; says so if not. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'weft-small-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
  if (status === 0) spawnSync('umount', [folder]);
  else process.stderr.write('weft: no file system can be mounted here, so full disks are not tested (run as root)\n');
  rmSync(folder, { recursive: true, force: true });
  return status === 0;
}

/** It is gone after the test, whoever still uses it. */
export function mountSmallDisk(megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'weft-small-disk-'));
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
  if (status !== 0) throw new Error(`no file system could be mounted: ${stderr.toString()}`);
  chmodSync(path, 0o755);
  onTestFinished(() => {
    spawnSync('umount', ['-l', path]);
    rmSync(path, { recursive: true, force: true });
  });
  const filler = join(path, 'filler');
  return {
    path,
    fill(freeBytes) {
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes), 1));
    },
    empty: () => rmSync(filler, { force: true }),
  };
}
