import { ArtifactError } from '@weft/engine/ports';

/** No room, a quota that is used up, a file that may not become larger. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What the file system says, as what holds for artifacts; an error of anything else, such as of the body, as it is. */
export function artifactFailure(error: unknown): unknown {
  const code = systemCode(error);
  if (code === null || error instanceof ArtifactError) return error;
  const reason = error instanceof Error ? error.message : code;
  const options = { cause: error, retryable: true };
  if (FULL.has(code))
    return new ArtifactError('artifact_store_full', `no room to keep the artifact: ${reason}`, options);
  return new ArtifactError('artifact_store_unavailable', `the artifact store does not work: ${reason}`, options);
}

/** The code of a failed system call (`EACCES`, `ENOENT`, ...), or null for anything else. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
