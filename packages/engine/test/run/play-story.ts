/** Plays random stories on runs. */
import type { MailKind, RunEvent, TaskRecord } from '../../src/domain/index.ts';
import type { Action } from './arbitrary-workflow.ts';
import { isLive } from '@weft/testing/rows';
import type { Scenario } from './scenario.ts';

type Batch = { mail: number; actions: Action[] };

/** Plays one batch in one decision, with the transactions that follow from it; returns its events. */
export function tell(run: Scenario, { mail, actions }: Batch): RunEvent[] {
  sendMail(run, mail);
  const events = actions.map((action) => eventOf(run, action)).filter((event) => event !== null);
  run.settle(...events);
  run.run({ type: 'advance' });
  return events;
}

export function sendMail(run: Scenario, choice: number): void {
  const kind: MailKind | undefined = choice === 0 ? 'cancel' : choice < 8 ? 'retry' : undefined;
  if (kind) run.rows.send(kind);
}

function eventOf(run: Scenario, { what, pick, value }: Action): RunEvent | null {
  if (what === 'timer' || what === 'early') return timerEvent(run, pick, what);
  const live = run.rows.newestTasks().filter(({ status, lane }) => lane !== null && isLive(status));
  const task: TaskRecord | undefined = live[pick % Math.max(live.length, 1)];
  const claim = run.claims[pick % Math.max(run.claims.length, 1)];
  if (what === 'late') {
    if (!claim) return null;
    const usage = { inputTokens: value, outputTokens: 1, usd: 0 };
    return { type: 'outcome', outcome: { kind: 'succeeded', output: 'late', usage }, worker: 'w2', ...claim };
  }
  if (!task) return null;
  if (what === 'succeed') return run.success(task.node, { value });
  if (what === 'update') return run.success(task.node, value, { stateUpdates: updates(value) });
  if (what === 'fail') return run.failure(task.node);
  if (what === 'failRetryable') return run.failure(task.node, { retryable: true });
  return { type: 'released', reason: what, ...run.claim(task.node) };
}

function updates(value: number): { [key: string]: never } | { [key: string]: string | number | { v: number } } {
  if (value === 0) return { nowhere: 1 };
  if (value === 1) return { total: 'not a number' };
  return { total: value, log: `l${value}`, last: value, seen: { v: value }, scratch: value };
}

/** `timer`: when it is due; `early`: of an attempt that has passed, or before its time. */
function timerEvent(run: Scenario, pick: number, what: 'timer' | 'early'): RunEvent | null {
  const timers = Array.from(run.rows.timers.values());
  const timer = timers[pick % Math.max(timers.length, 1)];
  if (!timer) return null;
  const { key, kind, attempt, dueAt } = timer;
  if (what === 'early') return { type: 'timer', key, kind, attempt: kind === 'queue' ? attempt : attempt - 1 };
  run.now = Math.max(run.now, dueAt);
  return { type: 'timer', key, kind, attempt };
}

/** Lets all that is live succeed, in order; bounded by the number of nodes. */
export function drain(run: Scenario): void {
  run.goOn();
  for (let round = 0; round < 100 && !run.hasEnded; round++) {
    for (const timer of run.rows.timers.values()) {
      if (timer.kind !== 'retry') continue;
      run.now = Math.max(run.now, timer.dueAt);
      run.run({ type: 'timer', ...timer });
    }
    const ready = run.rows.newestTasks().filter(({ status, lane }) => lane !== null && status === 'ready');
    run.run(...ready.map(({ node }) => run.success(node)));
  }
}
