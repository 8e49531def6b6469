/** The time that one turn may take. */
import type { Asked } from './asking.ts';

export type TurnSignal = {
  signal: AbortSignal;
  /** Says of what was stopped by it that it took too long. */
  settle(asked: Asked): Asked;
};

export function turnSignal(signal: AbortSignal, timeoutMs: number | undefined): TurnSignal {
  if (timeoutMs === undefined) return { signal, settle: (asked) => asked };
  const own = AbortSignal.timeout(timeoutMs);
  return {
    signal: AbortSignal.any([signal, own]),
    settle(asked) {
      if (asked.kind !== 'failed' || !own.aborted || signal.aborted) return asked;
      const message = `the endpoint had not answered after ${timeoutMs} ms`;
      return { ...asked, error: { ...asked.error, code: 'turn_timeout', message, retryable: true } };
    },
  };
}
