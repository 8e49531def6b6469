import { cleanJson } from '../../domain/outcome/clean.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import { failed } from './failed.ts';

/** What an output may be: larger ones are refused, not cut (bytes of JSON text; levels). */
const OUTPUT_LIMITS = { maxBytes: 8 * 1024 * 1024, maxDepth: 200 };
const DETAIL_LIMITS = { maxBytes: 16 * 1024, maxDepth: 20 };

/** What a store could not keep never reaches it (rule A11). */
export function cleanOutcome(outcome: Outcome): Outcome {
  if (outcome.kind === 'failed') return cleanFailure(outcome);
  const output = cleanJson(outcome.output, OUTPUT_LIMITS);
  if (!output.ok) return failed(output.code, `the output is refused: ${output.message}`);
  if (outcome.stateUpdates === undefined) return { ...outcome, output: output.value };
  const updates = cleanJson(outcome.stateUpdates, OUTPUT_LIMITS);
  if (!updates.ok) return failed(updates.code, `the state updates are refused: ${updates.message}`);
  return { ...outcome, output: output.value, stateUpdates: updates.value as NonNullable<typeof outcome.stateUpdates> };
}

function cleanFailure(outcome: Extract<Outcome, { kind: 'failed' }>): Outcome {
  const { code, message, retryable, details } = outcome.error;
  const safe = { code: cleanText(code, 200), message: cleanText(message, 8000), retryable };
  const kept = details === undefined ? null : cleanJson(details, DETAIL_LIMITS);
  return { ...outcome, error: kept?.ok ? { ...safe, details: kept.value as NonNullable<typeof details> } : safe };
}

function cleanText(text: string, maxLength: number): string {
  const cleaned = cleanJson(text.slice(0, maxLength), DETAIL_LIMITS);
  return cleaned.ok && typeof cleaned.value === 'string' ? cleaned.value : 'unreadable';
}
