/** Takes away what nobody has any more: references of runs that are gone, artifacts without references, contents without artifacts. */
import type { StoredContent } from '../../ports/index.ts';
import { ARTIFACT_LIMITS } from './artifacts.ts';
import type { ArtifactDeps } from './artifacts.ts';

/** A content may be in its place so long before anybody has it. */
const CONTENT_GRACE_MS = 3_600_000;
const BATCH = 1000;

export type Collected = { artifacts: number; contents: number; strays: number };

/** `contentGraceMs`: how long a content without an artifact is kept (an hour). What is used meanwhile stays. */
export async function collectArtifacts(
  { artifactStore, artifacts, artifactLimits }: ArtifactDeps,
  { contentGraceMs = CONTENT_GRACE_MS, now }: { contentGraceMs?: number; now: number },
): Promise<Collected> {
  const collected = { artifacts: 0, contents: 0, strays: 0 };
  if (!artifactStore || !artifacts) return collected;
  const { graceMs } = { ...ARTIFACT_LIMITS, ...artifactLimits };
  for (let gone = BATCH; gone === BATCH; collected.artifacts += gone) {
    gone = await artifacts.release({ olderThanMs: graceMs, limit: BATCH });
  }
  // What a crash, or a database that was restored, has left in the store.
  let found: StoredContent[] = [];
  const adopt = async (): Promise<void> => {
    collected.strays += await artifacts.adopt(found);
    found = [];
  };
  for await (const content of artifactStore.list()) {
    if (content.modifiedAt < now - contentGraceMs) found.push(content);
    if (found.length === BATCH) await adopt();
  }
  if (found.length > 0) await adopt();
  for (let unowned = BATCH; unowned === BATCH;) {
    const names = await artifacts.unowned({ olderThanMs: contentGraceMs, limit: BATCH });
    unowned = names.length;
    for (const artifact of names) {
      const isGone = await artifacts.collect(artifact, contentGraceMs, () => artifactStore.remove(artifact));
      if (isGone) collected.contents += 1;
      else unowned = 0;
    }
  }
  return collected;
}
