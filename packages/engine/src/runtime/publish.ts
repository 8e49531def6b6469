/** What follows a commit: messages to lanes, notices to watchers, wake-ups. Losing any of it loses nothing. */
import { TERMINAL_RUN } from '../domain/run/records.ts';
import type { Ack, DueTimer, Plan, RunNotice, TaskMessage } from '../ports/index.ts';
import type { Admission } from './admission.ts';
import type { EngineDeps } from './deps.ts';
import { messagesOf } from './messages.ts';

/** Timers that are due later are loaded by the sweeper when their time comes near. */
export const TIMER_HORIZON_MS = 60_000;

export type PublishDeps = Pick<EngineDeps, 'broker' | 'bus' | 'timers' | 'log'> & { admission: Admission };

/** What lanes need not hold any more, and the tasks (by id) that somebody has begun already. */
export type Followed = { acks: readonly Ack[]; continued: ReadonlySet<string | null> };

export async function publishPlans(
  deps: PublishDeps,
  plans: readonly Plan[],
  { acks, continued }: Followed = { acks: [], continued: new Set() },
): Promise<void> {
  const timers = plans.flatMap(timersOf);
  const sent = [tell(deps, plans), publishReady(deps, plans, { acks, continued }), revokeEnded(deps, plans)];
  if (timers.length > 0) sent.push(deps.timers.schedule(timers));
  for (const result of await Promise.allSettled(sent)) {
    if (result.status === 'fulfilled') continue;
    deps.log.warn(
      { err: result.reason as unknown },
      'what follows a commit was not published; the sweeper will see to it',
    );
  }
}

/** A bus that throws must not stand for a commit that failed. */
async function tell({ bus }: PublishDeps, plans: readonly Plan[]): Promise<void> {
  bus.publish(plans.flatMap(noticesOf));
}

async function publishReady(
  { broker, admission }: PublishDeps,
  plans: readonly Plan[],
  { acks, continued }: Followed,
): Promise<void> {
  const offered: TaskMessage[] = [];
  for (const { decision, offered: keys } of plans) {
    admission.moved(decision.head.workflow.tenant);
    for (const message of messagesOf(decision)) {
      if (continued.has(message.taskId)) continue;
      if (keys.has(message.key)) offered.push(message);
      else admission.waiting(message);
    }
  }
  if (offered.length + acks.length > 0) await broker.publish(offered, acks);
}

/** A run that ended early takes its live tasks with it: workers stop them (rule A13). */
async function revokeEnded({ broker }: PublishDeps, plans: readonly Plan[]): Promise<void> {
  const ended = plans.filter(({ decision }) => decision.sentMail.some((mail) => mail.kind === 'close'));
  await Promise.all(ended.map(({ decision }) => broker.revoke(decision.head.id)));
}

function noticesOf({ decision: { head, steps } }: Plan): RunNotice[] {
  if (steps.length === 0) return [];
  const ended = TERMINAL_RUN.has(head.status);
  return [{ kind: 'step', runId: head.id, step: head.step, ended, tenant: head.workflow.tenant }];
}

function timersOf({ decision: { head, steps, timersSet } }: Plan): DueTimer[] {
  const now = steps.at(-1)?.at ?? 0;
  return timersSet
    .map((timer) => ({ ...timer, runId: head.id, inMs: timer.dueAt - now }))
    .filter((timer) => timer.inMs <= TIMER_HORIZON_MS);
}
