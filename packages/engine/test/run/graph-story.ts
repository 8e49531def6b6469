/** Plays random stories on runs: what comes from workers, timers, people and child runs, in any order. */
import type { Json, JsonObject } from '@weft/contract';
import type { LetterRef, MailKind, RunEvent, TaskRecord } from '../../src/domain/index.ts';
import { nodeOf } from '../../src/domain/index.ts';
import type { Action, Batch, Letter } from './arbitrary-graph.ts';
import { isLive, mustBe } from '@weft/testing/rows';
import type { Scenario } from './scenario.ts';

export type Move = { mail: { kind: MailKind; payload: JsonObject; id: string }[]; events: RunEvent[] };

/** At once, later, and as the next turn. */
const AGAIN = [{}, { afterMs: 100 }, { isTurn: true }];

const OUTPUTS: Json[] = ['a', 'b', 'back', 'c', null, { v: 1, n: 1 }, ['x', 'y'], 7];

/** Chooses what the batch does, from what is possible now; moves the clock on to what is due. */
export function moveOf(run: Scenario, { letters, actions }: Batch, number: number): Move {
  const mail = letters.flatMap((letter, index) => {
    const written = mailOf(run, letter);
    return written ? [{ ...written, id: `story ${number} ${index}` }] : [];
  });
  return { mail, events: actions.map((action) => eventOf(run, action)).filter((event) => event !== null) };
}

/** Plays one batch in one decision, with the transactions that follow from it. */
export function play(run: Scenario, { mail, events }: Move): void {
  for (const { kind, payload, id } of mail) run.rows.send(kind, payload, id);
  run.settle(...events);
  run.run({ type: 'advance' });
}

function eventOf(run: Scenario, { what, pick, value }: Action): RunEvent | null {
  if (what === 'timer' || what === 'early') return timerEvent(run, { pick, what });
  if (what === 'late') {
    const claim = run.claims[pick % Math.max(run.claims.length, 1)];
    const usage = { inputTokens: value, outputTokens: 1, usd: 0 };
    return claim
      ? { type: 'outcome', outcome: { kind: 'succeeded', output: 'late', usage }, worker: 'w2', ...claim }
      : null;
  }
  const live = ready(run);
  const task = live[pick % Math.max(live.length, 1)];
  return task ? attemptEvent(run, task.key, { what, value, pick }) : null;
}

function attemptEvent(run: Scenario, key: string, { what, value, pick }: Action): RunEvent {
  const output = OUTPUTS[value % OUTPUTS.length] ?? null;
  switch (what) {
    case 'update':
      return run.success(key, output, { stateUpdates: updates(value) });
    case 'jump':
      return run.success(key, output, { goto: targets(run, pick, value) });
    case 'fail':
      return run.failure(key);
    case 'failRetryable':
      return run.failure(key, { retryable: true });
    case 'again':
      return run.again(key, value, {
        ...AGAIN[pick % AGAIN.length],
        ...(value > 8 && { stateUpdates: updates(value - 9) }),
      });
    case 'crash':
    case 'handback':
      return { type: 'released', reason: what, ...run.claim(key) };
    default:
      return run.success(key, output);
  }
}

function updates(value: number): JsonObject {
  if (value === 0) return { nowhere: 1 };
  if (value === 1) return { total: 'not a number' };
  const way = ['a', 'b', 'back', 'back', 'c', 'other'][value % 6] ?? 'a';
  return { total: value, log: `l${value}`, last: value, seen: { v: value }, scratch: value, way };
}

function targets(run: Scenario, pick: number, value: number): string[] {
  const names = Array.from(run.graph.nodes.keys());
  if (value === 0) return ['nowhere'];
  if (value === 1) return ['__end__'];
  const count = value < 8 ? 1 : 2;
  return Array.from({ length: count }, (_, index) => names[(pick + index * value) % names.length] ?? '__end__');
}

/** `timer`: when it is due; `early`: of an attempt that has passed, or before its time. */
function timerEvent(run: Scenario, { pick, what }: { pick: number; what: 'timer' | 'early' }): RunEvent | null {
  const timers = Array.from(run.rows.timers.values());
  const timer = timers[pick % Math.max(timers.length, 1)];
  if (!timer) return null;
  const { key, kind, attempt, dueAt } = timer;
  if (what === 'early') return { type: 'timer', key, kind, attempt: kind === 'queue' ? attempt : attempt - 1 };
  run.now = Math.max(run.now, dueAt);
  return { type: 'timer', key, kind, attempt };
}

function mailOf(run: Scenario, letter: Letter): { kind: MailKind; payload: JsonObject } | null {
  const { what, pick, value } = letter;
  switch (what) {
    case 'cancel':
    case 'retry':
      return { kind: what, payload: {} };
    case 'signal':
      return { kind: 'signal', payload: { name: pick % 2 === 0 ? 'go' : 'stop', payload: value } };
    case 'inject': {
      const names = ['nowhere', ...run.graph.nodes.keys()];
      return { kind: 'inject', payload: { updates: updates(value), afterNode: names[pick % names.length] ?? null } };
    }
    case 'child':
      return childNews(run, letter);
    case 'redo':
    case 'discard':
      return deadLetters(run, letter);
    case 'reopen':
      return reopenedChild(run, letter);
    default:
      return answerOf(run, letter);
  }
}

function answerOf(run: Scenario, { what, pick, value }: Letter): { kind: MailKind; payload: JsonObject } | null {
  const open = questions(run);
  const output = OUTPUTS[value % OUTPUTS.length] ?? null;
  const stateUpdates = value % 3 === 0 ? updates(value) : null;
  if (what === 'pass') return { kind: 'answer', payload: { answers: null, stateUpdates, by: null } };
  const chosen = what === 'answers' ? open : [open[pick % Math.max(open.length, 1)] ?? 'nowhere'];
  const ids = what === 'unknown' ? [...open, 'nowhere'] : chosen;
  return {
    kind: 'answer',
    payload: { answers: Object.fromEntries(ids.map((id) => [id, output])), stateUpdates, by: 'me' },
  };
}

/** The ids of the questions that are open. */
function questions(run: Scenario): string[] {
  return waiting(run).flatMap(({ waits, detail }) =>
    waits === 'answer' && detail?.kind === 'question' ? [detail.id] : [],
  );
}

/** Of any child that was ever started and has not told its end. */
function childNews(run: Scenario, { pick, value }: Letter): { kind: MailKind; payload: JsonObject } | null {
  const children = run.rows.sent.filter(({ kind, to }) => kind === 'start' && !run.endedChildren.has(to ?? ''));
  const child = children[pick % Math.max(children.length, 1)];
  if (!child) return null;
  const kind = (['child_ended', 'child_asks', 'child_runs'] as const)[value % 3] ?? 'child_ended';
  const status = ['succeeded', 'failed', 'cancelled'][value % 4] ?? 'succeeded';
  return childMail(run, child, { kind, step: pick, status });
}

/** Some of the tasks that have failed; now and then one that is not a letter (any more), and an edit of some. */
function deadLetters(run: Scenario, { what, pick, value }: Letter): { kind: MailKind; payload: JsonObject } | null {
  const failed = lettersOf(run);
  const count = 1 + (value % 3);
  const chosen = failed.slice(pick % Math.max(failed.length, 1)).slice(0, value === 11 ? failed.length : count);
  const letters = chosen.map((letter, index) => ({
    ...letter,
    attempt: value === 10 ? letter.attempt - 1 : letter.attempt,
    ...((pick + index) % 3 === 0 && { with: { edited: value } }),
  }));
  return { kind: what === 'redo' ? 'retry_letters' : 'discard_letters', payload: { letters, by: 'me' } };
}

export function lettersOf(run: Scenario): LetterRef[] {
  const failed = run.rows.newestTasks().filter(({ status }) => status === 'failed');
  return failed.map(({ key, id, attempt }) => ({ key, id, attempt }));
}

/** A child that had failed goes on, so that it has not told its end. */
function reopenedChild(run: Scenario, { pick }: Letter): { kind: MailKind; payload: JsonObject } | null {
  const ended = run.rows.newestTasks().flatMap(({ key, epoch, detail, status }) => {
    const isEnded = status === 'failed' && detail?.kind === 'child' && run.endedChildren.has(detail.runId);
    return isEnded ? [{ key, epoch, runId: detail.runId }] : [];
  });
  const child = ended[pick % Math.max(ended.length, 1)];
  if (!child) return null;
  run.endedChildren.delete(child.runId);
  run.reopenedChildren.add(child.runId);
  return { kind: 'child_runs', payload: { ...child, step: 500 + pick, reopened: true } };
}

type News = { kind: 'child_ended' | 'child_asks' | 'child_runs'; step: number; status: string };

function childMail(
  run: Scenario,
  { to, payload }: Scenario['rows']['sent'][number],
  { kind, step, status }: News,
): { kind: MailKind; payload: JsonObject } {
  const runId = to ?? '';
  if (kind === 'child_ended') run.endedChildren.add(runId);
  const { key, epoch } = payload['parent'] as { key: string; epoch: number };
  const error = status === 'succeeded' ? null : { code: 'boom', message: 'it broke' };
  const end = kind === 'child_ended' ? { status, output: status === 'succeeded' ? 'a' : null, error } : {};
  return { kind, payload: { key, epoch, runId, step, ...end } };
}

export function ready(run: Scenario): TaskRecord[] {
  return run.rows.newestTasks().filter(({ status, lane }) => status === 'ready' && lane !== null);
}

function waiting(run: Scenario): TaskRecord[] {
  return run.rows.newestTasks().filter(({ status }) => status === 'waiting');
}

const MAX_ROUNDS = 300;

/** Lets all that is live succeed, all that waits go on, until the run ends. */
export function drain(run: Scenario, output: Json = 'a'): void {
  for (let round = 0; round < MAX_ROUNDS && !run.hasEnded; round++) {
    run.goOn();
    if (run.hasEnded) break;
    const events = ready(run).map(({ key }) => run.success(key, output));
    for (const { key, kind, attempt, dueAt } of run.rows.timers.values()) {
      if (kind === 'queue') continue;
      run.now = Math.max(run.now, dueAt);
      events.push({ type: 'timer', key, kind, attempt });
    }
    const ids = questions(run);
    const answers = Object.fromEntries(ids.map((id) => [id, output]));
    if (ids.length > 0) run.rows.send('answer', { answers, stateUpdates: null, by: null }, `drain ${round}`);
    for (const child of run.rows.sent) {
      if (child.kind !== 'start' || run.endedChildren.has(child.to ?? '')) continue;
      const { kind, payload } = childMail(run, child, { kind: 'child_ended', step: 1000, status: 'succeeded' });
      run.rows.send(kind, payload, `drain ${child.to}`);
    }
    run.run(...events);
  }
  run.goOn();
  mustBe(run.hasEnded, 'the run does not end');
}

/** Nothing is left behind by a run that has ended: no row that waits, no timer, no mail, no child that nobody waits for. */
export function verifyEnd(run: Scenario): void {
  const { rows, graph } = run;
  mustBe(
    rows.newestTasks().every(({ status }) => !isLive(status)),
    'an ended run has live rows',
  );
  mustBe(rows.timers.size === 0, `an ended run has timers: ${[...rows.timers.keys()].join()}`);
  mustBe(rows.mail.length === 0, 'an ended run has unread mail');
  const cancelled = new Set(rows.sent.filter(({ kind }) => kind === 'cancel').map(({ to }) => to));
  for (const { kind, to, payload } of rows.sent) {
    if (kind !== 'start') continue;
    const { key } = payload['parent'] as { key: string };
    const isLeft = !run.endedChildren.has(to ?? '') && !cancelled.has(to);
    if (run.reopenedChildren.has(to ?? '')) continue;
    mustBe(!isLeft || graph.nodes.get(nodeOf(key))?.child?.isAbandoned === true, `the child of ${key} was left behind`);
  }
}

/** All rows of a run, as far as it goes on from them; whether it was said to be interrupted in between is left out. */
export function picture({ rows }: Scenario): object {
  const byKey = <T extends { key: string }>(list: T[]) => list.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return {
    head: rows.head,
    steps: rows.steps.map(({ facts: { run, ...facts }, ...step }) => ({
      ...step,
      facts: run?.epoch !== undefined || run?.error ? { ...facts, run } : facts,
    })),
    tasks: byKey(rows.newestTasks()),
    joins: byKey(Array.from(rows.joins.values())),
    writes: rows.writes,
    timers: byKey(Array.from(rows.timers.values())),
    usage: Array.from(rows.usage.keys()).toSorted(),
    mail: rows.mail,
    kept: rows.kept,
    sent: rows.sent.filter(({ kind }) => kind !== 'child_asks' && kind !== 'child_runs'),
    chunks: Array.from(rows.chunks),
    ending: rows.ending,
  };
}
