/** What happens to a run from outside: attempts end, timers are due. */
import type { Outcome } from '../outcome/outcome.ts';
import type { TimerKind } from './records.ts';
import type { ReleaseReason } from './release-task.ts';

/** Names one attempt of one task: what a claim holds, and what the fence checks (rule A5). */
export type AttemptRef = { key: string; taskEpoch: number; runEpoch: number; attempt: number };

/** Something that happened to a run. */
export type RunEvent =
  /** `ranMs`: how long the attempt ran, as its worker measured it. */
  | ({ type: 'outcome'; outcome: Outcome; worker: string; ranMs?: number } & AttemptRef)
  | ({ type: 'released'; reason: ReleaseReason } & AttemptRef)
  | { type: 'timer'; key: string; kind: TimerKind; attempt: number }
  /** Nothing new: mail and left-over inline nodes are taken care of with every decision. */
  | { type: 'advance' };
