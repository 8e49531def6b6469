import { join } from 'node:path';
import { EmbeddedError } from './embedded-error.ts';
import { copyBinaries, findNativePackage, useBinaries } from './postgres-binaries.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { canRun, runAsChoices } from './run-as.ts';
import type { RunAs } from './run-as.ts';

/** Programs that run on this machine, and as whom. */
export type Installation = { binaries: PostgresBinaries; runAs: RunAs };

/**
 * Finds a way to run Postgres with its data below `dataDir`, by trying.
 *
 * @throws EmbeddedError `platform_unsupported` or `data_dir_unreachable`
 */
export function chooseInstallation(dataDir: string): Installation {
  const found = findNativePackage();
  const cacheDir = join(dataDir, 'binaries');
  const inPlace = useBinaries(found, cacheDir);
  const choices = runAsChoices();
  for (const runAs of choices) {
    if (canRun(runAs, inPlace.postgres, dataDir)) return { binaries: inPlace, runAs };
  }
  if (choices.includes('self')) throw unsupported();
  // Where namespaces are forbidden, a copy helps if only the installed programs are out of reach.
  const copied = copyBinaries(found, cacheDir);
  if (canRun('nobody', copied.postgres, dataDir)) return { binaries: copied, runAs: 'nobody' };
  throw unreachable(dataDir);
}

function unsupported(): EmbeddedError {
  const message = 'the embedded Postgres does not run on this system: set DATABASE_URL to a Postgres 15 or later';
  return new EmbeddedError('platform_unsupported', message);
}

function unreachable(dataDir: string): EmbeddedError {
  const message = `Postgres cannot run as another user than root below ${dataDir}: set WEFT_DATA_DIR to a folder that everybody may enter, or set DATABASE_URL`;
  return new EmbeddedError('data_dir_unreachable', message);
}
