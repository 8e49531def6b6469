/** Messages to a run from outside its own transactions (rule A10). */
import type { Json, JsonObject } from '@weft/contract';

import { resumeSends } from './complete-sends.ts';
import { tellParent } from './children.ts';
import { cancelRun } from './end-run.ts';
import { expectTasks } from './expect-mail.ts';
import { discardLetters, rejoinChild, retryLetters } from './letters/take-letters.ts';
import { inject, keep } from './kept-mail.ts';
import { migrateRun } from '../migrate/migrate-run.ts';
import { NeedsMore, noReads } from './reads.ts';
import type { Mail, TaskRecord } from './records.ts';
import { retryRun } from './retry-run.ts';
import { passAfter } from './break-after.ts';
import { grantMeans } from './continue-task.ts';
import { failTask, settleTask } from './settle-task.ts';
import { isPassed, passBreakpoint } from './superstep/release.ts';
import { ownerOf } from '../task-key.ts';
import type { WorkingRun } from './working-run.ts';

export function takeMail(run: WorkingRun, mail: Mail): void {
  const { kind, payload } = mail;
  if (kind === 'retry_letters') {
    retryLetters(run, mail);
    return;
  }
  if (kind === 'discard_letters') {
    discardLetters(run, mail);
    return;
  }
  if (run.hasEnded) {
    if (run.head.status !== 'failed') return;
    if (kind === 'retry') reopen(run);
    else if (kind === 'migrate') migrateRun(run, mail);
    else if (kind === 'child_runs' && payload['reopened'] === true) rejoinChild(run, mail);
    return;
  }
  switch (kind) {
    case 'cancel':
      cancelRun(run, reasonOf(payload));
      return;
    case 'migrate':
      migrateRun(run, mail);
      return;
    case 'answer':
      takeAnswers(run, mail);
      return;
    case 'inject':
      takeInjection(run, mail);
      return;
    case 'signal':
      takeSignal(run, mail);
      return;
    case 'child_ended':
    case 'child_asks':
    case 'child_runs':
      hearOfChild(run, mail);
      return;
    case 'retry':
    case 'replay':
    case 'close':
    case 'start':
      return;
    case 'go_on':
      resumeSends(run);
      return;
    default:
      kind satisfies never;
  }
}

/**
 * Ids of the mail that is dealt with. The wish to close an ended run's tasks stays until the store has closed them all,
 * window by window; it is void once the run goes on. Kept mail stays.
 */
export function consumedMail({ snapshot, hasEnded, keptMail }: WorkingRun): string[] {
  const kept = new Set(keptMail.map(({ id }) => id));
  const dealtWith = snapshot.mail.filter(({ id, kind }) => !kept.has(id) && (kind !== 'close' || !hasEnded));
  return dealtWith.map(({ id }) => id);
}

function reasonOf({ reason }: Mail['payload']): string {
  return typeof reason === 'string' ? reason : 'cancelled';
}

function reopen(run: WorkingRun): void {
  if (!run.snapshot.reads.everything) throw new NeedsMore({ everything: true });
  retryRun(run);
  if (!run.hasEnded) tellParent(run, 'child_runs', { reopened: true });
}

/** Answers and state updates hold together, or none of them does: where a question is not open any more, nothing changes. */
function takeAnswers(run: WorkingRun, { id: mail, payload }: Mail): void {
  const { answers, keys, stateUpdates, by } = payload as {
    answers: JsonObject | null;
    keys?: Record<string, string> | null;
    stateUpdates: JsonObject | null;
    by: string | null;
  };
  const asking = keys ? tasksOf(run, Object.values(keys)) : run.waitingTasks();
  const open = new Map(asking.flatMap((task) => (questionOf(task) === null ? [] : [[questionOf(task), task]])));
  const given = answers === null ? breakpoints(run) : Object.entries(answers);
  if (given.some(([id]) => !open.has(id))) return;
  expectTasks(
    run,
    given.map(([id]) => open.get(id)?.key ?? ''),
  );
  if (stateUpdates) {
    run.openStep('state_injected');
    run.note({ mail });
    inject(run, stateUpdates);
  }
  for (const [id, value] of given) {
    const task = open.get(id);
    if (task && !run.hasEnded && questionOf(task) === id) answer(run, task, { value, by, mail });
  }
}

/** Those of the tasks that there are; a run may ask thousands of questions besides. */
function tasksOf(run: WorkingRun, keys: readonly string[]): TaskRecord[] {
  run.expect({ ...noReads(), tasks: new Set(keys) });
  return keys.flatMap((key) => run.task(key) ?? []);
}

function breakpoints(run: WorkingRun): [string, Json][] {
  return run.waitingTasks().flatMap((task): [string, Json][] => {
    const id = questionOf(task);
    return id !== null && task.detail?.kind === 'question' && task.detail.at !== 'node' ? [[id, null]] : [];
  });
}

/** The id of the task's own question, if it asks one. */
function questionOf({ waits, detail }: TaskRecord): string | null {
  return waits === 'answer' && detail?.kind === 'question' ? detail.id : null;
}

type Answer = { value: Json; by: string | null; mail: string };

function answer(run: WorkingRun, task: TaskRecord, { value, by, mail }: Answer): void {
  if (task.detail?.kind !== 'question') return;
  const { id, at } = task.detail;
  const note = { mail, answer: { id, by } };
  if (at === 'before' && isPassed(run, task)) return;
  if (task.detail.means) {
    answerMeans(run, task, { value, note, memo: task.detail.means.memo });
    return;
  }
  if (at === 'node') {
    settleTask(run, task, { outcome: { kind: 'succeeded', output: value }, worker: null, type: 'answered', note });
    return;
  }
  run.openStep('answered', { task });
  run.note(note);
  if (at === 'after') {
    passAfter(run, task);
    return;
  }
  // It becomes ready now, so it reads what is there now: its row is made anew.
  const { key, item } = task;
  if (run.graph.superstep && ownerOf(key) === null) {
    passBreakpoint(run, task);
    return;
  }
  run.change(task, { status: 'pending', attempt: task.attempt });
  run.arm(run.node(task.node), { key, fate: null, item, passes: true });
}

/** `false` is a no; all else lets the task try again. */
function answerMeans(
  run: WorkingRun,
  task: TaskRecord,
  { value, note, memo }: { value: Json; note: Parameters<WorkingRun['note']>[0]; memo: Json },
): void {
  run.openStep('answered', { task });
  run.note(note);
  if (value !== false) {
    grantMeans(run, task, memo);
    return;
  }
  const error = { code: 'budget_exceeded', message: 'a budget is used up, and it was not raised', retryable: false };
  failTask(run, task, { error, worker: null });
}

/** Injected after a node that has settled already, the state changes now. */
function takeInjection(run: WorkingRun, mail: Mail): void {
  const { updates, afterNode } = mail.payload as { updates: JsonObject; afterNode: string | null };
  run.openStep('state_injected');
  if (afterNode !== null) run.note({ afterNode });
  if (afterNode !== null && run.graph.nodes.has(afterNode) && !hasSettled(run, afterNode)) {
    keep(run, mail, `after:${afterNode}`);
    return;
  }
  run.note({ mail: mail.id });
  inject(run, updates);
}

function hasSettled(run: WorkingRun, name: string): boolean {
  return (run.task(run.keyOf(name))?.settledStep ?? null) !== null;
}

/** A signal wakes the one that has waited for it the longest; if nobody does, it is kept. */
function takeSignal(run: WorkingRun, mail: Mail): void {
  const { name, payload } = mail.payload as { name: string; payload: Json };
  const first = run.waitingTasks().find(({ detail }) => detail?.kind === 'wait' && detail.signal === name);
  if (first) {
    const note = { mail: mail.id, signal: name };
    settleTask(run, first, { outcome: { kind: 'succeeded', output: payload }, worker: null, type: 'signal', note });
    return;
  }
  run.openStep('signal');
  run.note({ signal: name });
  keep(run, mail, `signal:${name}`);
}

/** News of a child that its task does not wait for, or that came too late, change nothing. */
function hearOfChild(run: WorkingRun, mail: Mail): void {
  const { kind, payload } = mail;
  if (payload['reopened'] === true) {
    rejoinChild(run, mail);
    return;
  }
  const { key, runId, step } = payload as { key: string; runId: string; step: number };
  const task = run.task(key);
  if (task?.status !== 'waiting' || task.detail?.kind !== 'child' || task.detail.runId !== runId) return;
  if (kind === 'child_ended') {
    settleTask(run, task, { outcome: outcomeOfChild(payload), worker: null });
    return;
  }
  const waits = kind === 'child_asks' ? 'child_answer' : 'child';
  if (task.detail.seen >= step || task.waits === waits) return;
  run.openStep('task_waiting', { task });
  run.change(task, { status: 'waiting', attempt: task.attempt, waits }, { detail: { ...task.detail, seen: step } });
}

function outcomeOfChild(payload: JsonObject): Parameters<typeof settleTask>[2]['outcome'] {
  const { status, output, error, runId } = payload as {
    status: string;
    output: Json;
    error: JsonObject | null;
    runId: string;
  };
  if (status === 'succeeded') return { kind: 'succeeded', output };
  const code = status === 'cancelled' ? 'child_cancelled' : 'child_failed';
  const cause = typeof error?.['message'] === 'string' ? `: ${error['message']}` : '';
  const details = { runId, ...(error && { error }) };
  return { kind: 'failed', error: { code, message: `the child run has ${status}${cause}`, retryable: true, details } };
}
