/** The files that one call of an executor may write and read: those of its tenant. */
import type { ArtifactRef } from '@weft/contract';

import type { ArtifactRecord, ArtifactUser, CallArtifacts } from '../../ports/index.ts';
import type { Artifacts } from './artifacts.ts';

const ANY_MEDIA = 'application/octet-stream';

export type ArtifactCaller = ArtifactUser & { tenant: string; signal: AbortSignal };

export function callArtifacts(artifacts: Artifacts, { tenant, runId, taskId, signal }: ArtifactCaller): CallArtifacts {
  const by = { runId, taskId };
  return {
    write: ({ name, mediaType = ANY_MEDIA }, body) =>
      artifacts.write({ tenant, name, mediaType, by, signal }, chunksOf(body)),
    async list(limit) {
      const { items } = await artifacts.list({ tenant, runId, limit, after: null });
      return items.map(refOf);
    },
    async read(artifact, range) {
      const { record, body } = await artifacts.read({ tenant, artifact, by, range });
      return { ref: refOf(record), body };
    },
  };
}

function refOf({ artifact, name, mediaType, bytes }: ArtifactRecord): ArtifactRef {
  return { artifact, name, mediaType, bytes };
}

async function* chunksOf(body: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}
