/** The files that one call of an executor may write and read. */
import { ArtifactError } from '../../ports/index.ts';
import type { ArtifactStore, CallArtifacts } from '../../ports/index.ts';

const ANY_MEDIA = 'application/octet-stream';

/** What one artifact may have, bytes. */
const MAX_BYTES = 1024 * 1024 * 1024;

export type CallArtifactsDeps = { artifactStore?: ArtifactStore | undefined };

export function callArtifacts(
  { artifactStore }: CallArtifactsDeps,
  { signal }: { signal: AbortSignal },
): CallArtifacts {
  return {
    async write({ name, mediaType = ANY_MEDIA }, body) {
      const content = await required(artifactStore).put(chunksOf(body), { maxBytes: MAX_BYTES, signal });
      return { artifact: content.artifact, name, mediaType, bytes: content.bytes };
    },
    async read(artifact, range) {
      const opened = await required(artifactStore).open(artifact, range);
      if (!opened) throw new ArtifactError('artifact_missing', `there is no artifact ${artifact}`);
      return { ref: { artifact, name: artifact, mediaType: ANY_MEDIA, bytes: opened.bytes }, body: opened.body };
    },
  };
}

function required(store: ArtifactStore | undefined): ArtifactStore {
  if (store) return store;
  throw new ArtifactError('artifacts_unavailable', 'this worker keeps no artifacts');
}

async function* chunksOf(body: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}
