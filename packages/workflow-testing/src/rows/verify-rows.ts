/** What must hold of a run's rows after every decision. */
import { foldChannel, TERMINAL_RUN } from '@weft/engine/domain';
import type { Graph, TaskRecord } from '@weft/engine/domain';
import { firstVersion, foldTo } from './past-rows.ts';
import type { RunRows } from './run-rows.ts';
import { isLive } from './task-rows.ts';
import { mustBe, same } from './values.ts';
import { verifyJournal } from './verify-journal.ts';

/** Throws the first thing that is wrong. */
export function verifyRows(versions: ReadonlyMap<number, Graph>, rows: RunRows): void {
  const graph = versions.get(rows.head.workflow.version);
  if (!graph) throw new Error(`there is no version ${rows.head.workflow.version}`);
  verifyFold(rows);
  verifyJournal(versions, rows);
  verifyEnds(rows);
  verifyState(graph, rows);
  if (TERMINAL_RUN.has(rows.head.status)) mustBe(rows.head.live === 0, 'an ended run has live tasks');
  else verifyAlive(rows);
}

/** C1: folding the journal gives the live rows. */
function verifyFold(rows: RunRows): void {
  const { progress: folded, letters } = foldTo(rows.steps, rows.head.step);
  const { status, epoch, step, live, asking, generations, failed, openJoins, jumps, kept } = rows.head;
  const head = { status, epoch, step, live, asking, generations, failed, openJoins, jumps, kept };
  expectSame('head', head, folded.head);
  mustBe((folded.version ?? firstVersion(rows)) === rows.head.workflow.version, 'the journal tells of another version');
  const ended = TERMINAL_RUN.has(status);
  const tasks = rows.newestTasks().map((task) => [task.key, progressOf(task, ended)] as const);
  expectSame('tasks', sorted(tasks), sorted(folded.tasks));
  const stored = rows.newestTasks().flatMap(({ key, letter }) => (letter ? [[key, letter] as const] : []));
  expectSame('letters', sorted(stored), sorted(letters));
  expectSame('joins', sorted(rows.joins), sorted(folded.joins));
}

/** At most one terminal step an epoch, and one final step of a task an epoch. */
function verifyEnds({ steps }: RunRows): void {
  const seen = new Set<string>();
  for (const { type, epoch, key, facts } of steps) {
    // A dead letter that is taken up while its run goes on is settled again.
    if (type === 'retried') for (const task of facts.tasks ?? []) seen.delete(`task ${epoch} ${task.key}`);
    const isEnd = type === 'run_ended' || type === 'cancelled';
    const isFinal = type === 'task_succeeded' || type === 'task_failed' || type === 'task_skipped';
    const name = isEnd ? `end ${epoch}` : isFinal ? `task ${epoch} ${key}` : null;
    if (name === null) continue;
    mustBe(!seen.has(name), `${name} is told twice`);
    seen.add(name);
  }
}

/** A compaction changes no value, and an ephemeral key is never stored. */
function verifyState(graph: Graph, rows: RunRows): void {
  for (const name of new Set(rows.writes.map(({ channel }) => channel))) {
    const { reducer = 'last_value', ephemeral } = graph.state.get(name) ?? {};
    mustBe(ephemeral !== true, `the ephemeral key ${name} was stored`);
    const written = rows.writes.filter((write) => write.channel === name && !rows.compactions.has(write));
    const start = written.findLastIndex(({ kind }) => kind === 'base');
    const deltas = written.slice(start + 1).map(({ value }) => value);
    const stored = rows.channel(name);
    expectSame(
      name,
      foldChannel(reducer, stored?.base, stored?.deltas ?? []),
      foldChannel(reducer, written[start]?.value, deltas),
    );
  }
}

/** No run is stuck: something is ready, or waits with a timer of its attempt. */
function verifyAlive(rows: RunRows): void {
  const live = rows.newestTasks().filter(({ status }) => isLive(status));
  const asking = live.filter(({ waits }) => waits === 'answer' || waits === 'child_answer');
  const sends = live.filter(({ waits }) => waits === 'items');
  mustBe(rows.head.live + rows.head.asking + rows.mail.length > 0, 'a run that goes on has nothing to do');
  mustBe(live.length - asking.length - sends.length === rows.head.live, 'the head counts other tasks');
  mustBe(asking.length === rows.head.asking, 'the head counts other questions');
  mustBe(rows.keptNow().length === rows.head.kept, 'the head counts other kept mail');
  for (const task of live) mustBe(isAwaited(rows, task), `${task.key} waits for nothing`);
}

function isAwaited(rows: RunRows, { key, status, waits, attempt, detail }: TaskRecord): boolean {
  const hasTimer = (kind: string): boolean => rows.timers.get(`${kind} ${key}`)?.attempt === attempt;
  if (status !== 'waiting') return waits === null;
  if (waits === 'retry') return hasTimer('retry');
  if (waits === 'time' || waits === 'signal') return hasTimer('wait');
  if (waits === 'answer') return detail?.kind === 'question' && (detail.expiresAt === null || hasTimer('expire'));
  // A run that has branched off between the end of the last item and that of its send is told to go on.
  if (waits === 'items') return rows.joins.get(`${key}[]`)?.fired === false || rows.mail.length > 0;
  return detail?.kind === 'child';
}

/** The rows of an ended run's live tasks follow later. */
function progressOf({ status, attempt, failures, crashes, blamed, waits }: TaskRecord, ended: boolean): object {
  const seen = ended && isLive(status) ? 'cancelled' : status === 'running' ? 'ready' : status;
  return { status: seen, attempt, failures, crashes, blamed, waits: seen === 'waiting' ? waits : null };
}

function sorted<T>(entries: Iterable<readonly [string, T]>): (readonly [string, T])[] {
  return Array.from(entries).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function expectSame(what: string, stored: unknown, folded: unknown): void {
  mustBe(same(stored, folded), `${what}: stored ${JSON.stringify(stored)}, folded ${JSON.stringify(folded)}`);
}
