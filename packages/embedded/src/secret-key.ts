import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { systemCode } from './embedded-error.ts';

const BYTES = 32;

/** Where the key of a data folder lies. */
export function secretKeyFile(dataDir: string): string {
  return join(dataDir, 'secret.key');
}

/** The key that the tokens in a data folder are encrypted with, base64; null where none was made yet. */
export function readSecretKey(dataDir: string): string | null {
  try {
    return readFileSync(secretKeyFile(dataDir), 'utf8').trim();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The same, made where there is none, for nobody else to read. Of two that make one at once, both get the same. */
export function ensureSecretKey(dataDir: string): string {
  const draft = `${secretKeyFile(dataDir)}.${randomBytes(6).toString('hex')}`;
  const known = readSecretKey(dataDir);
  if (known !== null) return known;
  const made = randomBytes(BYTES).toString('base64');
  writeFileSync(draft, `${made}\n`, { mode: 0o600 });
  try {
    // Whole or not at all: whoever reads half a key could not read a token ever again.
    linkSync(draft, secretKeyFile(dataDir));
    return made;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return readSecretKey(dataDir) ?? made;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
