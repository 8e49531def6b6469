import type { Outcome } from '../../domain/outcome/outcome.ts';
import type { ArtifactError } from '../../ports/index.ts';

/** A failure that another attempt would not mend. */
export function failed(code: string, message: string): Extract<Outcome, { kind: 'failed' }> {
  return { kind: 'failed', error: { code, message, retryable: false } };
}

/** A failure that has to do with artifacts. */
export function artifactFailure({ code, message, retryable }: ArtifactError): ReturnType<typeof failed> {
  return { kind: 'failed', error: { code, message, retryable } };
}
