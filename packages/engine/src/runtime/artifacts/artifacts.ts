/** Writing, finding and removing artifacts: content goes to the store, and whose it is into the index. */
import type { ArtifactRef } from '@weft/contract';

import { ArtifactError } from '../../ports/index.ts';
import type {
  ArtifactIndex,
  ArtifactListing,
  ArtifactRecord,
  ArtifactsFilter,
  ArtifactStore,
  ArtifactUser,
  ByteRange,
} from '../../ports/index.ts';
import { requireMediaType, requireName } from './artifact-name.ts';

export type ArtifactLimits = {
  /** What one artifact may have. */
  maxBytes: number;
  /** An output of more JSON text is kept as an artifact. */
  inlineBytes: number;
  /** How long what no run refers to is kept, ms. */
  graceMs: number;
};

export const ARTIFACT_LIMITS: ArtifactLimits = {
  maxBytes: 1024 * 1024 * 1024,
  inlineBytes: 64 * 1024,
  graceMs: 7 * 24 * 3_600_000,
};

/** Left out: the process keeps no artifacts, and outputs of any size stay where others are. */
export type ArtifactDeps = {
  artifactStore?: ArtifactStore | undefined;
  artifacts?: ArtifactIndex | undefined;
  artifactLimits?: Partial<ArtifactLimits> | undefined;
};

export type FileToWrite = {
  tenant: string;
  name: string;
  mediaType: string;
  /** The task that writes it; null: it is uploaded. */
  by: ArtifactUser | null;
  signal?: AbortSignal;
};

export type ArtifactToRead = {
  tenant: string;
  artifact: string;
  by: ArtifactUser | null;
  range?: ByteRange | undefined;
};

export type OpenedArtifact = { record: ArtifactRecord; body: AsyncIterable<Uint8Array> };

/** What goes wrong ends in an ArtifactError. */
export type Artifacts = {
  readonly limits: ArtifactLimits;
  readonly isAvailable: boolean;
  write(file: FileToWrite, body: AsyncIterable<Uint8Array>): Promise<ArtifactRef>;
  /** Null: the tenant has no such artifact. */
  find(tenant: string, artifact: string): Promise<ArtifactRecord | null>;
  /** `artifact_missing` where the tenant has no such artifact, or its content is gone. */
  read(request: ArtifactToRead): Promise<OpenedArtifact>;
  list(filter: ArtifactsFilter): Promise<ArtifactListing>;
  /** The content goes when no tenant has had it for an hour. */
  remove(tenant: string, artifact: string): Promise<'removed' | 'missing' | 'in_use'>;
};

export function createArtifacts({ artifactStore, artifacts, artifactLimits }: ArtifactDeps): Artifacts {
  const limits = { ...ARTIFACT_LIMITS, ...artifactLimits };
  const place = (): { store: ArtifactStore; index: ArtifactIndex } => {
    if (artifactStore && artifacts) return { store: artifactStore, index: artifacts };
    throw new ArtifactError('artifacts_unavailable', 'this process keeps no artifacts');
  };
  return {
    limits,
    isAvailable: artifactStore !== undefined && artifacts !== undefined,
    async write({ tenant, name, mediaType, by, signal }, body) {
      const { store, index } = place();
      const file = { name: requireName(name), mediaType: requireMediaType(mediaType) };
      const options = { maxBytes: limits.maxBytes, claim: index.claim, ...(signal && { signal }) };
      const content = await store.put(body, options);
      if (await index.record({ ...content, ...file, tenant, by })) return { ...content, ...file };
      const message = 'the artifact was removed while it was written';
      throw new ArtifactError('artifact_store_unavailable', message, { retryable: true });
    },
    find: (tenant, artifact) => place().index.find(tenant, artifact, null),
    async read({ tenant, artifact, by, range }) {
      const { store, index } = place();
      const record = await index.find(tenant, artifact, by);
      if (!record) throw new ArtifactError('artifact_missing', `there is no artifact ${artifact.slice(0, 100)}`);
      const opened = await store.open(artifact, range);
      if (opened) return { record, body: opened.body };
      throw new ArtifactError('artifact_missing', `the content of the artifact ${artifact} is gone from its store`);
    },
    list: (filter) => place().index.list(filter),
    remove: (tenant, artifact) => place().index.remove(tenant, artifact),
  };
}
