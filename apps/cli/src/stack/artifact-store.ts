import { join, resolve } from 'node:path';

import { createFileArtifactStore } from '@weft/embedded';
import type { ArtifactStore } from '@weft/engine/ports';

import { artifactPlace, type Environment } from '../config.ts';

/** Where artifacts are kept: what WEFT_ARTIFACTS says, else `artifacts` in the data folder. */
export function openArtifactStore(env: Environment, dataDir: string): ArtifactStore {
  return createFileArtifactStore(resolve(artifactPlace(env) ?? join(dataDir, 'artifacts')));
}
