import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { DIST, STAMP } from './built-files.ts';
import { sourceHash } from './source-hash.ts';

/** `stale`: it could not be built again, so that of older sources is served. */
export type DashboardState = 'fresh' | 'built' | 'stale' | 'missing';

/** Builds the dashboard where it is missing or older than its sources, which takes some 2 s; else it takes 20 ms. */
export async function ensureDashboard(): Promise<DashboardState> {
  if (builtFrom() === sourceHash()) return 'fresh';
  // In a process of its own: what builds it takes memory that a server would not get back.
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], { stdio: 'ignore' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return 'built';
  return existsSync(join(DIST, 'index.html')) ? 'stale' : 'missing';
}

/** The hash of the sources that the present one was built from. */
export function builtFrom(): string | null {
  try {
    return readFileSync(join(DIST, STAMP), 'utf8');
  } catch {
    return null;
  }
}
