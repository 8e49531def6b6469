import { resolve } from 'node:path';

import { createFileArchive } from '@weft/embedded';
import type { RetentionOptions } from '@weft/postgres';

import { archiveDirectory, retentionFallback, type Environment } from '../config.ts';

/** What a process that keeps house goes by. Throws for a setting that is wrong. */
export function retentionOptions(env: Environment): RetentionOptions {
  const directory = archiveDirectory(env);
  return {
    fallback: retentionFallback(env),
    archive: directory === null ? null : createFileArchive(resolve(directory)),
  };
}
