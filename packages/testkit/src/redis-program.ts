import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** A Redis server that can be started: its program, and where its libraries lie if not in the system. */
export type RedisProgram = { path: string; libraries: string | null };

const run = promisify(execFile);

const CACHE = join(import.meta.dirname, '../../../node_modules/.cache/weft-redis');
/** Debian's server and the libraries that a bare system lacks. */
const PACKAGES = ['redis-server', 'redis-tools', 'libatomic1', 'libjemalloc2', 'liblzf1'];
const DOWNLOAD_TIMEOUT_MS = 60_000;

/**
 * Finds a Redis server on PATH, else unpacks Debian's package, without installing it, into a folder that is kept.
 *
 * @throws Error that says in one line why there is none
 */
export async function findRedisProgram(): Promise<RedisProgram> {
  const installed = onPath('redis-server');
  if (installed !== null) return { path: installed, libraries: null };
  if (!existsSync(CACHE)) await unpackDebian();
  const [libraries] = globSync(join(CACHE, 'usr/lib/*-linux-gnu'));
  const path = join(CACHE, 'usr/bin/redis-server');
  if (libraries === undefined || !existsSync(path)) throw new Error(`there is no Redis server in ${CACHE}: remove it`);
  return { path, libraries };
}

function onPath(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** The folder gets its name when it is whole, so that nobody finds half of it; of two that unpack at once one wins. */
async function unpackDebian(): Promise<void> {
  if (onPath('apt-get') === null || onPath('dpkg') === null) {
    throw new Error('there is no redis-server on PATH and no apt-get that could bring one');
  }
  mkdirSync(join(CACHE, '..'), { recursive: true });
  const draft = mkdtempSync(`${CACHE}-`);
  try {
    await download(draft);
    for (const archive of globSync('*.deb', { cwd: draft })) {
      await run('dpkg', ['-x', archive, 'root'], { cwd: draft });
    }
    if (!existsSync(CACHE)) renameSync(join(draft, 'root'), CACHE);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** With the package lists of the system, or else with lists of its own, which any user may bring up to date. */
async function download(folder: string): Promise<void> {
  const options = { cwd: folder, timeout: DOWNLOAD_TIMEOUT_MS };
  try {
    await run('apt-get', ['download', ...PACKAGES], options);
  } catch {
    const own = ownLists(folder);
    try {
      await run('apt-get', [...own, 'update'], options);
      await run('apt-get', [...own, 'download', ...PACKAGES], options);
    } catch (cause) {
      throw new Error("Debian's redis-server could not be downloaded", { cause });
    }
  }
}

function ownLists(folder: string): string[] {
  for (const name of ['state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const settings = {
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': '/var/lib/dpkg/status',
    'Dir::Cache': join(folder, 'cache'),
    'APT::Sandbox::User': process.env['USER'] ?? 'root',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}
