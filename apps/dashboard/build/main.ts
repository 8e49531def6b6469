/** Builds the dashboard unless that was done: `node apps/dashboard/build/main.ts`. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from 'vite';

import { DIST, STAMP } from './built-files.ts';
import { builtFrom } from './ensure-dashboard.ts';
import { sourceHash } from './source-hash.ts';

const hash = sourceHash();
if (builtFrom() !== hash) await rebuild();

/** Beside the present one first: who serves that goes on, and a build that fails leaves it as it is. */
async function rebuild(): Promise<void> {
  const fresh = mkdtempSync(join(tmpdir(), 'weft-dashboard-'));
  try {
    const configFile = join(import.meta.dirname, '..', 'vite.config.ts');
    await build({ configFile, build: { outDir: fresh, emptyOutDir: true } });
    rmSync(join(DIST, STAMP), { force: true });
    cpSync(fresh, DIST, { recursive: true });
    writeFileSync(join(DIST, STAMP), hash);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
