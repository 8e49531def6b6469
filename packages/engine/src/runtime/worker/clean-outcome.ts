import type { Json } from '@weft/contract';

import { cleanJson } from '../../domain/outcome/clean.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import { failed } from './failed.ts';

/** What an output may be: larger ones are refused, not cut (bytes of JSON text; levels). */
const OUTPUT_LIMITS = { maxBytes: 8 * 1024 * 1024, maxDepth: 200 };
const GOTO_LIMITS = { maxBytes: 256 * 1024, maxDepth: 1 };
/** Timers look no further ahead than a year. */
const LONGEST_PAUSE_MS = 365 * 24 * 3_600_000;
const MAX_TARGETS = 100;
const DETAIL_LIMITS = { maxBytes: 16 * 1024, maxDepth: 20 };

/** What a store could not keep never reaches it (rule A11). */
export function cleanOutcome(outcome: Outcome): Outcome {
  if (outcome.kind === 'failed') return cleanFailure(outcome);
  if (outcome.kind === 'again') return cleanAgain(outcome);
  const output = cleanJson(outcome.output, OUTPUT_LIMITS);
  if (!output.ok) return failed(output.code, `the output is refused: ${output.message}`);
  const { stateUpdates, goto, ...rest } = outcome;
  const cleaned: Succeeded = { ...rest, output: output.value };
  if (stateUpdates !== undefined) {
    const updates = cleanJson(stateUpdates, OUTPUT_LIMITS);
    if (!updates.ok) return failed(updates.code, `the state updates are refused: ${updates.message}`);
    cleaned.stateUpdates = updates.value as NonNullable<typeof stateUpdates>;
  }
  if (goto === undefined) return cleaned;
  const targets = cleanJson(goto, GOTO_LIMITS);
  if (targets.ok && isTargets(targets.value)) return { ...cleaned, goto: targets.value };
  return failed('invalid_goto', `goto takes the names of 1 to ${MAX_TARGETS} nodes`);
}

type Succeeded = Extract<Outcome, { kind: 'succeeded' }>;

function isTargets(value: Json): value is string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_TARGETS) return false;
  return value.every((target) => typeof target === 'string');
}

function cleanAgain(outcome: Extract<Outcome, { kind: 'again' }>): Outcome {
  const memo = cleanJson(outcome.memo, OUTPUT_LIMITS);
  if (!memo.ok) return failed(memo.code, `what is to be remembered is refused: ${memo.message}`);
  const { note, asks, stateUpdates, ...rest } = outcome;
  const updates = stateUpdates === undefined ? null : cleanJson(stateUpdates, OUTPUT_LIMITS);
  if (updates && !updates.ok) return failed(updates.code, `the state updates are refused: ${updates.message}`);
  const kept = note === undefined ? null : cleanJson(note, DETAIL_LIMITS);
  const afterMs = Math.min(outcome.afterMs, LONGEST_PAUSE_MS);
  return {
    ...rest,
    memo: memo.value,
    afterMs,
    ...(asks && { asks: { ...asks, message: cleanText(asks.message, 8000) } }),
    ...(kept?.ok && { note: kept.value as NonNullable<typeof note> }),
    ...(updates?.ok && { stateUpdates: updates.value as NonNullable<typeof stateUpdates> }),
  };
}

function cleanFailure(outcome: Extract<Outcome, { kind: 'failed' }>): Outcome {
  const { code, message, retryable, details } = outcome.error;
  const safe = { code: cleanText(code, 200), message: cleanText(message, 8000), retryable };
  const kept = details === undefined ? null : cleanJson(details, DETAIL_LIMITS);
  const error = kept?.ok ? { ...safe, details: kept.value as NonNullable<typeof details> } : safe;
  if (outcome.memo === undefined) return { ...outcome, error };
  const memo = cleanJson(outcome.memo, OUTPUT_LIMITS);
  return { ...outcome, error, memo: memo.ok ? memo.value : null };
}

function cleanText(text: string, maxLength: number): string {
  const cleaned = cleanJson(text.slice(0, maxLength), DETAIL_LIMITS);
  return cleaned.ok && typeof cleaned.value === 'string' ? cleaned.value : 'unreadable';
}
