/**
 * The run machine: what happened to a run, and what follows from it.
 *
 * `decide` is pure. It reads no clock and touches no store; it gets the run as seen under its lock and returns the rows to
 * write, or says what more it must see. The runtime carries the decision out in the transaction that holds the lock
 * (rules A5, A8).
 */
import type { Outcome } from '../outcome/outcome.ts';
import type { Graph } from '../graph/graph.ts';
import { cancelRun, endRun, endWhenQuiet } from './end-run.ts';
import { beginRun } from './flow.ts';
import { MAX_INLINE_STEPS, settleInline } from './inline.ts';
import { noReads } from './reads.ts';
import { LIVE_TASK, TERMINAL_RUN } from './records.ts';
import type { Decision, Mail, Reads, RunHead, RunSnapshot, TaskRecord, TimerKind } from './records.ts';
import { retryRun } from './retry-run.ts';
import { failTask, releaseTask, settleTask } from './settle-task.ts';
import { NeedsMore, WorkingRun } from './working-run.ts';

/** Names one attempt of one task: what a claim holds, and what the fence checks (rule A5). */
export type AttemptRef = { key: string; taskEpoch: number; runEpoch: number; attempt: number };

/** Something that happened to a run. */
export type RunEvent =
  | ({ type: 'outcome'; outcome: Outcome; worker: string } & AttemptRef)
  | ({ type: 'released'; reason: 'crash' | 'handback' } & AttemptRef)
  | { type: 'timer'; key: string; kind: TimerKind; attempt: number }
  /** Nothing new: mail and left-over inline nodes are taken care of with every decision. */
  | { type: 'advance' };

export type Verdict = { kind: 'decided'; decision: Decision } | { kind: 'needs'; reads: Reads };

/** Decides on a batch of events of one run, in order. `now` is the database's time, epoch ms. */
export function decide(
  graph: Graph,
  { snapshot, events, now }: { snapshot: RunSnapshot; events: readonly RunEvent[]; now: number },
): Verdict {
  const run = new WorkingRun(graph, snapshot, now);
  try {
    run.inline.push(...snapshot.inline);
    const consumed = snapshot.mail.map((mail) => takeMail(run, mail));
    const applied = events.map((event) => applyEvent(run, event));
    return { kind: 'decided', decision: conclude(run, { applied, consumed: consumed.filter((id) => id !== null) }) };
  } catch (error) {
    if (!(error instanceof NeedsMore)) throw error;
    const reads = noReads();
    error.want(reads);
    return { kind: 'needs', reads };
  }
}

/** The first decision of a run: `run_started`, what it arms, and what follows at once. */
export function startRun(
  graph: Graph,
  { head, body, now }: { head: RunHead; body: RunSnapshot['body']; now: number },
): Decision {
  const snapshot = newRunSnapshot(head, body);
  const run = new WorkingRun(graph, snapshot, now);
  run.openStep('run_started');
  run.changeRun({ status: 'running' });
  beginRun(run);
  return conclude(run, { applied: [], consumed: [] });
}

/** Ends a run whose step the engine cannot compute, so that it stands in nobody's way (rule A11). */
export function failForEngineError(
  graph: Graph,
  { snapshot, now, message }: { snapshot: RunSnapshot; now: number; message: string },
): Decision {
  const run = new WorkingRun(graph, snapshot, now);
  if (!TERMINAL_RUN.has(run.head.status)) {
    endRun(run, { status: 'failed', error: { code: 'engine_error', message, retryable: false } });
  }
  return conclude(run, { applied: [], consumed: [] });
}

function newRunSnapshot(head: RunHead, body: RunSnapshot['body']): RunSnapshot {
  const reads = { ...noReads(), everything: true };
  const channels = new Map();
  return { head, body, reads, channels, tasks: new Map(), joins: new Map(), mail: [], inline: [] };
}

function conclude(run: WorkingRun, { applied, consumed }: { applied: boolean[]; consumed: string[] }): Decision {
  settleInline(run, MAX_INLINE_STEPS);
  endWhenQuiet(run);
  return {
    ...{
      head: run.head,
      steps: run.steps,
      writes: [...run.writes, ...run.compactions],
      usage: run.usage,
      ending: run.ending,
    },
    tasks: [...run.changedTasks].flatMap((key) => run.tasks.get(key) ?? []),
    joins: [...run.changedJoins].flatMap((key) => run.joins.get(key) ?? []),
    ...{ armed: run.armed, takenBack: run.takenBack },
    ready: [...run.ready].flatMap((key) => run.tasks.get(key) ?? []),
    ...{ timersSet: run.timersSet, timersCleared: run.timersCleared },
    ...{ sentMail: run.sentMail, consumedMail: consumed, applied },
    closes: run.snapshot.mail.some((mail) => mail.kind === 'close') && TERMINAL_RUN.has(run.head.status),
    goesOn: run.inline.length > 0,
  };
}

/** Returns the id of the mail if it is dealt with; closing a run's tasks is the store's, window by window. */
function takeMail(run: WorkingRun, mail: Mail): string | null {
  const ended = TERMINAL_RUN.has(run.head.status);
  switch (mail.kind) {
    case 'cancel':
      if (!ended) cancelRun(run, String(mail.payload['reason'] ?? 'cancelled'));
      return mail.id;
    case 'retry':
      if (run.head.status === 'failed') reopen(run);
      return mail.id;
    case 'close':
      return ended ? null : mail.id;
    default:
      return mail.kind satisfies never;
  }
}

function reopen(run: WorkingRun): void {
  if (!run.snapshot.reads.everything) throw new NeedsMore((more) => (more.everything = true));
  retryRun(run);
}

/** Applies one event. Returns false if the fence refused it: it is late, and changes nothing but the usage account. */
function applyEvent(run: WorkingRun, event: RunEvent): boolean {
  if (event.type === 'advance') return true;
  if (event.type === 'timer') return fireTimer(run, event);
  const task = run.task(event.key);
  if (!task) return false;
  if (!isCurrent(run, task, event)) {
    if (event.type === 'outcome') run.spend(task, event.attempt, event.outcome.usage);
    return false;
  }
  if (event.type === 'outcome') settleTask(run, task, event);
  else releaseTask(run, task, event.reason);
  return true;
}

/** The fence (rule A5). */
function isCurrent({ head }: WorkingRun, task: TaskRecord, ref: AttemptRef): boolean {
  return (
    !TERMINAL_RUN.has(head.status) &&
    LIVE_TASK.has(task.status) &&
    head.epoch === ref.runEpoch &&
    task.epoch === ref.taskEpoch &&
    task.attempt === ref.attempt
  );
}

function fireTimer(run: WorkingRun, { key, kind, attempt }: Extract<RunEvent, { type: 'timer' }>): boolean {
  run.timersCleared.push({ key, kind });
  const task = run.task(key);
  if (!task || TERMINAL_RUN.has(run.head.status) || task.attempt !== attempt) return false;
  const node = run.node(task.node);
  if (kind === 'retry' && task.status === 'waiting') {
    run.openStep('timer_fired', { task });
    run.change({ key, status: 'ready', attempt });
    run.makeReady(task, node);
    return true;
  }
  if (kind !== 'queue' || task.status !== 'ready') return false;
  const message = `no worker took the task within ${node.queueTimeoutMs} ms`;
  failTask(run, task, { error: { code: 'queue_timeout', message, retryable: false }, worker: null });
  return true;
}
