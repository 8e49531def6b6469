import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');

/** All that the built dashboard is made of. */
const SOURCES = [
  'apps/dashboard/{src,public}/**/*.*',
  'apps/dashboard/{index.html,vite.config.ts,package.json}',
  'packages/{contract,sdk}/src/**/*.ts',
];

/** Changes whenever the dashboard would be built otherwise. */
export function sourceHash(): string {
  const hash = createHash('sha256');
  for (const path of globSync(SOURCES, { cwd: REPOSITORY }).toSorted())
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(REPOSITORY, path)))
      .update('\0');
  return hash.digest('hex');
}
