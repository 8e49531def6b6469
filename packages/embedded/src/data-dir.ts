import { randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { EmbeddedError, systemCode } from './embedded-error.ts';
import { identityOf } from './process-identity.ts';

/**
 * Makes the data folder if it is missing and returns its real path.
 *
 * @throws EmbeddedError `data_dir_not_writable`
 */
export function openDataDir(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
    return realpathSync(folder);
  } catch (cause) {
    const message = `the data folder ${folder} is not writable: make it writable, or set WEFT_DATA_DIR to another folder`;
    throw new EmbeddedError('data_dir_not_writable', message, { cause });
  }
}

type Holder = { pid: number; identity: string };

/**
 * Takes the data folder for this process and returns the function that gives it back. The lock of a process that died
 * is taken over.
 *
 * @throws EmbeddedError `data_dir_in_use`
 */
export function lockDataDir(dataDir: string): () => void {
  const path = join(dataDir, 'lock');
  const mine = JSON.stringify({ pid: process.pid, identity: identityOf(process.pid) ?? '' } satisfies Holder);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    if (createWhole(path, mine)) return () => releaseLock(path, mine);
    const found = readText(path);
    if (found === null) continue;
    const holder = parseHolder(found);
    if (holder !== null && identityOf(holder.pid) === holder.identity) throw inUse(dataDir, holder.pid);
    removeStale(path, found);
  }
  throw inUse(dataDir, null);
}

function inUse(dataDir: string, pid: number | null): EmbeddedError {
  const who = pid === null ? 'another Weft' : `another Weft (process ${pid})`;
  const message = `${who} uses the data folder ${dataDir}: stop it, or set WEFT_DATA_DIR to another folder`;
  return new EmbeddedError('data_dir_in_use', message);
}

/** Creates the file with its content in one step, so that nobody ever reads half a lock. False if it exists. */
function createWhole(path: string, content: string): boolean {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, content, { mode: 0o644 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Takes a dead process's lock away. Of two that try at once, one may move the other's new lock: it puts it back. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = readText(aside);
  if (moved !== null && moved !== stale) createWhole(path, moved);
  rmSync(aside, { force: true });
}

function releaseLock(path: string, mine: string): void {
  if (readText(path) === mine) rmSync(path, { force: true });
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('identity' in value)) return null;
    return typeof value.pid === 'number' && typeof value.identity === 'string'
      ? { pid: value.pid, identity: value.identity }
      : null;
  } catch {
    return null;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}
