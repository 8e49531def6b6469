/** What is due next: ends of attempts, actions of the test, and timers of runs. */
import type { TaskRecord } from '@weft/engine/domain';

import type { DueTimer } from '../mesh/mesh.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Attempt } from './attempt.ts';

export type Action = { at: number; run: () => Promise<void> };

export type Due =
  | { kind: 'attempt'; at: number; attempt: Attempt }
  | { kind: 'action'; at: number; action: Action }
  | { kind: 'timer'; at: number; timer: DueTimer };

export type Agenda = { attempts: readonly Attempt[]; actions: readonly Action[]; mesh: Mesh };

/**
 * The next thing that is due, and whether time passes to it by itself. It does not while only somebody outside can move the
 * run: the time in which a question or a signal is waited for passes only beside something else, or if `letExpire` says so.
 */
export function nextDue({ attempts, actions, mesh }: Agenda, { letExpire }: { letExpire: boolean }): Due | null {
  const own: (Due | null)[] = [firstAttempt(attempts), firstAction(actions)];
  let outside: Due | null = null;
  for (const timer of mesh.timers()) {
    const due: Due = { kind: 'timer', at: timer.dueAt, timer };
    const task = mesh.run(timer.runId).rows.taskOfKey(timer.key);
    if (letExpire ? !isIdle(timer, task) : isOwn(timer, task)) own.push(due);
    else outside = earlier(outside, due);
  }
  const next = own.reduce(earlier, null);
  if (!next) return null;
  return outside && outside.at < next.at ? outside : next;
}

/** The next timer of any kind, for whoever lets time pass on purpose. */
export function nextOfAll(agenda: Agenda): Due | null {
  const timers = Array.from(agenda.mesh.timers(), (timer): Due => ({ kind: 'timer', at: timer.dueAt, timer }));
  return [firstAttempt(agenda.attempts), firstAction(agenda.actions), ...timers].reduce(earlier, null);
}

function isOwn(timer: DueTimer, task: TaskRecord | undefined): boolean {
  if (timer.kind === 'expire' || task?.waits === 'signal') return false;
  return !isIdle(timer, task);
}

/** The bound on how long a task waits for a worker, once one has taken it. */
function isIdle(timer: DueTimer, task: TaskRecord | undefined): boolean {
  return timer.kind === 'queue' && task?.status !== 'ready';
}

function firstAttempt(attempts: readonly Attempt[]): Due | null {
  let first: Attempt | null = null;
  for (const attempt of attempts) {
    const isFirst =
      !first || attempt.endsAt < first.endsAt || (attempt.endsAt === first.endsAt && attempt.order < first.order);
    if (isFirst && Number.isFinite(attempt.endsAt)) first = attempt;
  }
  return first && { kind: 'attempt', at: first.endsAt, attempt: first };
}

function firstAction(actions: readonly Action[]): Due | null {
  let first: Action | null = null;
  for (const action of actions) if (!first || action.at < first.at) first = action;
  return first && { kind: 'action', at: first.at, action: first };
}

/** Of what is due at the same instant, ends of attempts come before actions, and these before timers. */
function earlier(a: Due | null, b: Due | null): Due | null {
  if (!a || !b) return a ?? b;
  return b.at < a.at ? b : a;
}
