import type { StoredContent } from './artifact-store.ts';

/** The task that writes or reads an artifact. */
export type ArtifactUser = { runId: string; taskId: string };

/** `by`: null where no task has it from its run, such as what was uploaded. */
export type NewArtifact = StoredContent & {
  tenant: string;
  name: string;
  mediaType: string;
  by: ArtifactUser | null;
};

/** `createdAt`: ms. `by`: in the list of a run its task that had it first. */
export type ArtifactRecord = StoredContent & {
  name: string;
  mediaType: string;
  createdAt: number;
  by: ArtifactUser | null;
};

/** Newest first. `after`: what `next` was of the page before; null: from the beginning. */
export type ArtifactsFilter = { tenant: string; runId: string | null; limit: number; after: number | null };
export type ArtifactListing = { items: ArtifactRecord[]; next: number | null };

/** `olderThanMs`: since it was touched last. */
export type Stale = { olderThanMs: number; limit: number };

/**
 * Whose the contents of a store are, and which runs refer to them. A content lies in the store only while it is known here: it is
 * claimed before it gets its place, and taken away by whoever holds its row.
 */
export type ArtifactIndex = {
  /** The content will be in its place in a moment, and is not taken away until some time after. */
  claim(content: StoredContent): Promise<void>;
  /** The tenant has it now. False: the content was taken away since it was claimed. */
  record(entry: NewArtifact): Promise<boolean>;
  /** Null: the tenant has no such artifact. `by` refers to it from then on. */
  find(tenant: string, artifact: string, by: ArtifactUser | null): Promise<ArtifactRecord | null>;
  list(filter: ArtifactsFilter): Promise<ArtifactListing>;
  /** In use: a run refers to it. */
  remove(tenant: string, artifact: string): Promise<'removed' | 'missing' | 'in_use'>;
  /** Forgets what runs that are gone referred to, and then what no run refers to any more. Returns how many artifacts that were. */
  release(stale: Stale): Promise<number>;
  /** Contents that no tenant has. */
  unowned(stale: Stale): Promise<string[]>;
  /** Calls `remove` if still no tenant has the content, while nobody can claim it. False: somebody has it. */
  collect(artifact: string, olderThanMs: number, remove: () => Promise<void>): Promise<boolean>;
  /** Contents that were found in the store: those that are not known here are unowned from now on, and stale at once. Returns how many. */
  adopt(contents: readonly StoredContent[]): Promise<number>;
};
