import type { Outcome } from '../../domain/outcome/outcome.ts';

/** A failure that another attempt would not mend. */
export function failed(code: string, message: string): Extract<Outcome, { kind: 'failed' }> {
  return { kind: 'failed', error: { code, message, retryable: false } };
}
