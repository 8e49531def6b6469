import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** A server that can be started: its program, and where its libraries lie if not in the system. */
export type ServerProgram = { path: string; libraries: string | null };

/** What is looked for on PATH, and else in Debian's packages, with the libraries that a bare system lacks. */
const SERVERS = {
  'redis-server': {
    cache: 'weft-redis',
    path: 'usr/bin/redis-server',
    packages: ['redis-server', 'redis-tools', 'libatomic1', 'libjemalloc2', 'liblzf1'],
  },
  mosquitto: {
    cache: 'weft-mosquitto',
    path: 'usr/sbin/mosquitto',
    packages: ['mosquitto', 'libmosquitto1', 'libcjson1', 'libdlt2', 'libwrap0'],
  },
} as const;

type Server = (typeof SERVERS)[keyof typeof SERVERS];

const run = promisify(execFile);

const CACHES = join(import.meta.dirname, '../../../node_modules/.cache');
const DOWNLOAD_TIMEOUT_MS = 60_000;

/**
 * Finds a server on PATH, else unpacks Debian's package, without installing it, into a folder that is kept.
 *
 * @throws Error that says in one line why there is none
 */
export async function findServerProgram(name: keyof typeof SERVERS): Promise<ServerProgram> {
  const installed = onPath(name);
  if (installed !== null) return { path: installed, libraries: null };
  const server = SERVERS[name];
  const cache = join(CACHES, server.cache);
  if (!existsSync(cache)) await unpackDebian(name, server, cache);
  const [libraries] = globSync(join(cache, 'usr/lib/*-linux-gnu'));
  const path = join(cache, server.path);
  if (libraries === undefined || !existsSync(path)) throw new Error(`there is no ${name} in ${cache}: remove it`);
  return { path, libraries };
}

function onPath(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** The folder gets its name when it is whole, so that nobody finds half of it; of two that unpack at once one wins. */
async function unpackDebian(name: string, { packages }: Server, cache: string): Promise<void> {
  if (onPath('apt-get') === null || onPath('dpkg') === null) {
    throw new Error(`there is no ${name} on PATH and no apt-get that could bring one`);
  }
  mkdirSync(CACHES, { recursive: true });
  const draft = mkdtempSync(`${cache}-`);
  try {
    await download(draft, packages);
    for (const archive of globSync('*.deb', { cwd: draft })) {
      await run('dpkg', ['-x', archive, 'root'], { cwd: draft });
    }
    if (!existsSync(cache)) renameSync(join(draft, 'root'), cache);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** With the package lists of the system, or else with lists of its own, which any user may bring up to date. */
async function download(folder: string, packages: readonly string[]): Promise<void> {
  const options = { cwd: folder, timeout: DOWNLOAD_TIMEOUT_MS };
  try {
    await run('apt-get', ['download', ...packages], options);
  } catch {
    const own = ownLists(folder);
    try {
      await run('apt-get', [...own, 'update'], options);
      await run('apt-get', [...own, 'download', ...packages], options);
    } catch (cause) {
      throw new Error(`Debian's ${packages[0]} could not be downloaded`, { cause });
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
