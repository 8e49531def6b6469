import { readFileSync } from 'node:fs';

/** The release, as the root of the workspace names it. */
export function weftVersion(): string {
  const text = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
