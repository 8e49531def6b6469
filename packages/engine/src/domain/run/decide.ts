/**
 * The run machine: what happened to a run, and what follows from it.
 *
 * `decide` is pure. It reads no clock and touches no store; it gets the run as seen under its lock and returns the rows to
 * write, or says what more it must see. The runtime carries the decision out in the transaction that holds the lock
 * (rules A5, A8).
 */
import type { TaskError } from '@weft/contract';

import type { Graph } from '../graph/graph.ts';
import { ownerOf } from '../task-key.ts';
import { replayRun } from './branch/replay-run.ts';
import { toDecision } from './decision.ts';
import { endWhenQuiet, failRun } from './end-run.ts';
import { armDeferred, beginRun } from './flow.ts';
import { emptyParts } from './fresh.ts';
import { settleInline } from './inline.ts';
import { expectMail } from './expect-mail.ts';
import { isAside } from './letters/aside.ts';
import { takeMail } from './mail.ts';
import { NeedsMore, noReads } from './reads.ts';
import type { Decision, Reads, RunHead, RunSnapshot, TaskRecord } from './records.ts';
import { refuseEvent } from './refuse-event.ts';
import { releaseTask } from './release-task.ts';
import { clearTimers, settledRow } from './settled.ts';
import { settleTask } from './settle-task.ts';
import { advance } from './superstep/barrier.ts';
import { keepEphemeral } from './superstep/ephemeral.ts';
import { beginSupersteps } from './superstep/release.ts';
import { fireTimer } from './timers.ts';
import type { AttemptRef, RunEvent } from './run-event.ts';
import { WorkingRun } from './working-run.ts';

export type { AttemptRef, RunEvent } from './run-event.ts';

export type Verdict = { kind: 'decided'; decision: Decision } | { kind: 'needs'; reads: Reads };

/** What a decision is made on; `versions`: as `WorkingRun` has them. */
export type DecideView = {
  snapshot: RunSnapshot;
  events: readonly RunEvent[];
  now: number;
  versions?: ReadonlyMap<number, Graph>;
};

/**
 * Decides on a batch of events of one run, in order: what follows from one event without a worker is settled before the
 * next one, as if they had come alone. `now` is the database's time, epoch ms.
 */
export function decide(graph: Graph, { snapshot, events, now, versions }: DecideView): Verdict {
  try {
    const replay = snapshot.mail.find(({ kind }) => kind === 'replay');
    if (replay)
      return { kind: 'decided', decision: replayRun(graph, { snapshot, mail: replay, events, now, versions }) };
    const run = new WorkingRun(graph, snapshot, now);
    if (versions) run.versions = versions;
    expectMail(run);
    for (const mail of snapshot.mail) takeMail(run, mail);
    if (!run.hasEnded) run.inline.push(...snapshot.inline.filter((key) => !run.inline.includes(key)));
    settleInline(run);
    const applied = events.map((event) => {
      const isApplied = applyEvent(run, event);
      if (graph.superstep) keepEphemeral(run);
      return isApplied;
    });
    goQuiet(run);
    return { kind: 'decided', decision: toDecision(run, applied) };
  } catch (error) {
    if (!(error instanceof NeedsMore)) throw error;
    return { kind: 'needs', reads: error.reads };
  }
}

/** The first decision of a run: `run_started`, what it arms, and what follows at once. */
export function startRun(
  graph: Graph,
  { head, body, now }: { head: RunHead; body: NonNullable<RunSnapshot['body']>; now: number },
): Decision {
  const run = new WorkingRun(graph, newRunSnapshot(head, body), now);
  run.openStep('run_started');
  run.changeRun({ status: 'running' });
  if (graph.superstep) beginSupersteps(run);
  else beginRun(run);
  settleInline(run);
  goQuiet(run);
  return toDecision(run, []);
}

/**
 * Ends a run whose step the engine cannot compute, so that it stands in nobody's way (rule A11). The events that were to
 * be applied are refused; the tasks that they are about fail with the run, so that one can see which they are.
 */
export function failForEngineError(
  graph: Graph,
  { snapshot, events, now, message }: Omit<DecideView, 'versions'> & { message: string },
): Decision {
  const run = new WorkingRun(graph, snapshot, now);
  const error: TaskError = { code: 'engine_error', message, retryable: false };
  for (const event of events) if (event.type === 'outcome') failWithRun(run, event, error);
  if (!run.hasEnded) failRun(run, error);
  return toDecision(run, []);
}

/** Items are counted by their sends, so they are left aborted as whatever else was under way. */
function failWithRun(run: WorkingRun, event: Extract<RunEvent, { type: 'outcome' }>, error: TaskError): void {
  const { key, worker } = event;
  const task = run.snapshot.tasks.has(key) && ownerOf(key) === null ? run.task(key) : undefined;
  if (!task || !run.graph.nodes.has(task.node) || !isCurrent(run, task, event) || isAside(run, task)) return;
  clearTimers(run, task);
  run.openStep('task_failed', { task, worker });
  const row = { ...settledRow(run), error, worker, detail: { kind: 'halted', items: null } as const };
  run.change(task, { status: 'failed', attempt: task.attempt, error }, row);
}

/**
 * When nothing is left to do, the superstep ends, or deferred nodes run; when nothing is left of them either, the run ends
 * (rules B8, B9).
 */
function goQuiet(run: WorkingRun): void {
  const goOn = run.graph.superstep ? advance : armDeferred;
  while (goOn(run)) settleInline(run);
  if (run.graph.superstep) keepEphemeral(run);
  endWhenQuiet(run);
}

function newRunSnapshot(head: RunHead, body: NonNullable<RunSnapshot['body']>): RunSnapshot {
  return { ...emptyParts({ ...noReads(), everything: true }), head, body };
}

/** Applies one event. Returns false if the fence refused it: it is late, and changes nothing but the usage account. */
function applyEvent(run: WorkingRun, event: RunEvent): boolean {
  if (event.type === 'advance') return true;
  if (event.type === 'timer') {
    const fired = fireTimer(run, event);
    settleInline(run);
    return fired;
  }
  const task = run.task(event.key);
  if (!task || !isCurrent(run, task, event)) return refuseEvent(run, event);
  if (event.type === 'outcome') {
    const { outcome, worker, ranMs } = event;
    settleTask(run, task, { outcome, worker, ranMs });
  } else if (!releaseTask(run, task, event.reason)) return false;
  settleInline(run);
  return true;
}

/** The fence (rule A5): the attempt is the current one, and was handed out. */
function isCurrent(run: WorkingRun, task: TaskRecord, ref: AttemptRef): boolean {
  return (
    !run.hasEnded &&
    (task.status === 'ready' || task.status === 'running') &&
    task.lane !== null &&
    run.head.epoch === ref.runEpoch &&
    task.epoch === ref.taskEpoch &&
    task.attempt === ref.attempt
  );
}
