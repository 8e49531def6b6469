import { globSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

export const DIST = join(import.meta.dirname, '..', 'dist');
export const STAMP = 'sources.sha256';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** `isImmutable`: its name changes with its content. */
export type BuiltFile = { type: string; body: Buffer; isImmutable: boolean };

/** The built dashboard by paths below its folder, such as `index.html`; null if it was not built. */
export function readDashboard(dist: string = DIST): ReadonlyMap<string, BuiltFile> | null {
  const files = new Map<string, BuiltFile>();
  for (const path of globSync('**/*', { cwd: dist })) {
    const type = TYPES[extname(path)];
    if (type === undefined || !statSync(join(dist, path)).isFile()) continue;
    files.set(path, { type, body: readFileSync(join(dist, path)), isImmutable: path.startsWith('assets/') });
  }
  return files.has('index.html') ? files : null;
}
