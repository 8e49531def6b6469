import { join, resolve } from 'node:path';

import { createFileArtifactStore, createS3ArtifactStore } from '@weft/artifacts';
import type { ArtifactStore } from '@weft/engine/ports';
import type { ArtifactDeps } from '@weft/engine/runtime';

import { artifactLimits, artifactPlace, s3Settings, type Environment } from '../config.ts';

export type ArtifactOptions = Pick<ArtifactDeps, 'artifactStore' | 'artifactLimits'>;

const BUCKET = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([A-Za-z0-9/_.-]*))?$/;

/** Where artifacts are kept, and how large they may be: WEFT_ARTIFACTS, else `artifacts` in the data folder. Throws for a setting that is wrong. */
export function artifactOptions(env: Environment, dataDir: string): ArtifactOptions {
  return {
    artifactStore: storeAt(artifactPlace(env) ?? join(dataDir, 'artifacts'), env),
    artifactLimits: artifactLimits(env),
  };
}

function storeAt(place: string, env: Environment): ArtifactStore {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(place)) return createFileArtifactStore(resolve(place));
  const [, bucket, path = ''] = BUCKET.exec(place) ?? [];
  if (bucket === undefined) {
    throw new Error(`WEFT_ARTIFACTS must be a folder or look like s3://BUCKET/PREFIX, not ${JSON.stringify(place)}`);
  }
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  return createS3ArtifactStore({ bucket, prefix, ...s3Settings(env) });
}
