import type { Outcome } from '../../domain/outcome/outcome.ts';

/** What an executor returned, if it is an outcome; executors are anybody's code, so it may be anything (rule A11). */
export function checkedOutcome(returned: unknown): Outcome {
  if (isOutcome(returned)) return ownOutcome(returned);
  const message = 'the executor returned neither an output nor an error';
  return { kind: 'failed', error: { code: 'invalid_outcome', message, retryable: false } };
}

/** That a result was computed for another task is not for an executor to say. */
function ownOutcome(outcome: Outcome): Outcome {
  if (outcome.kind !== 'succeeded' || outcome.cached === undefined) return outcome;
  const { cached: _, ...own } = outcome;
  return own;
}

function isOutcome(value: unknown): value is Outcome {
  if (!isRecord(value)) return false;
  if (value['kind'] === 'succeeded') return true;
  if (value['kind'] === 'again') return typeof value['afterMs'] === 'number' && value['afterMs'] >= 0;
  const { error } = value;
  return (
    value['kind'] === 'failed' &&
    isRecord(error) &&
    typeof error['code'] === 'string' &&
    typeof error['message'] === 'string'
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
