/** What becomes of firings that wait, while earlier runs may not have ended. */
import type { OverlapPolicy } from '@weft/contract';

import { REASONS } from './records.ts';
import type { FireReason, FireRecord } from './records.ts';

/** So many firings of one schedule wait at most. */
export const MOST_WAITING = 1000;

export type Verdict =
  | { kind: 'start' }
  | { kind: 'wait'; reason: FireReason }
  | { kind: 'skip'; reason: FireReason }
  | { kind: 'miss'; reason: FireReason };

export type Verdicts = {
  verdicts: Map<FireRecord, Verdict>;
  /** Runs that are to be cancelled first. */
  cancel: string[];
};

type Request = { waiting: readonly FireRecord[]; running: readonly FireRecord[]; policy: OverlapPolicy; now: number };

/** Judges waiting firings in order of their instants. `running`: firings whose runs have not ended. */
export function judge({ waiting, running, policy, now }: Request): Verdicts {
  const verdicts: Verdicts['verdicts'] = new Map();
  const pending: { fire: FireRecord; by: OverlapPolicy }[] = [];
  let endsOthers = false;
  for (const fire of waiting) {
    const by = fire.overlap ?? policy;
    if (ENDS_OTHERS.has(by) && !isLate(fire, now)) {
      endsOthers = true;
      replace(pending, verdicts);
    }
    const verdict = isLate(fire, now) ? miss(fire) : verdictOf(fire, { by, pending: pending.length, running, now });
    verdicts.set(fire, verdict);
    if (verdict.kind === 'start' || verdict.kind === 'wait') pending.push({ fire, by });
  }
  const cancel = endsOthers ? running.flatMap(({ runId }) => runId ?? []) : [];
  return { verdicts, cancel };
}

const ENDS_OTHERS: ReadonlySet<OverlapPolicy> = new Set(['cancelOther', 'terminateOther']);

/** Of those that end what is before them only the last is wanted. */
function replace(pending: { fire: FireRecord; by: OverlapPolicy }[], verdicts: Verdicts['verdicts']): void {
  for (const earlier of pending.splice(0)) {
    if (ENDS_OTHERS.has(earlier.by)) verdicts.set(earlier.fire, { kind: 'skip', reason: REASONS.replaced });
    else pending.push(earlier);
  }
}

/** What waits for an earlier run has been in time. */
function isLate({ deadline, reason }: FireRecord, now: number): boolean {
  return deadline !== null && deadline < now && reason?.code !== REASONS.overlap.code;
}

function miss({ reason }: FireRecord): Verdict {
  return { kind: 'miss', reason: reason ?? REASONS.late };
}

type Sight = { by: OverlapPolicy; pending: number; running: readonly FireRecord[]; now: number };

function verdictOf(fire: FireRecord, { by, pending, running, now }: Sight): Verdict {
  const isInWay = by === 'terminateOther' ? pending > 0 : pending + running.length > 0;
  if (isInWay && by !== 'allowAll') return overlapping(by, pending);
  const { notBefore, reason } = fire;
  return notBefore !== null && notBefore > now
    ? { kind: 'wait', reason: reason ?? REASONS.overlap }
    : { kind: 'start' };
}

function overlapping(by: OverlapPolicy, pending: number): Verdict {
  const isOneTooMany = by === 'skip' || (by === 'bufferOne' && pending > 0);
  if (isOneTooMany) return { kind: 'skip', reason: REASONS.overlap };
  if (pending >= MOST_WAITING) return { kind: 'skip', reason: REASONS.bufferFull };
  return { kind: 'wait', reason: REASONS.overlap };
}
