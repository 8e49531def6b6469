/** Going on from a step that lies in the past: what a fork and a replay have in common (rules C3, C4). */
import type { Json } from '@weft/contract';

import type { Graph } from '../../graph/graph.ts';
import { applyWrite, channelValue } from '../../state/reducer.ts';
import { toDecision } from '../decision.ts';
import { emptyParts } from '../fresh.ts';
import { applyRun, countTask } from '../journal.ts';
import { itemsKey, noReads } from '../reads.ts';
import type {
  Branch,
  BranchPoint,
  ChannelRecord,
  ChannelWrite,
  Decision,
  FinishedTask,
  JoinRecord,
  Progress,
  RunHead,
  RunSnapshot,
  TaskProgress,
  TaskRecord,
} from '../records.ts';
import { CHUNK_ITEMS } from '../send-items.ts';
import type { Facts, JoinFact, SnapshotTask, StepRecord, TaskFact } from '../step-record.ts';
import { WorkingRun } from '../working-run.ts';
import { failureOf, itemsOf, standingAt } from './begin-anew.ts';
import type { Standing } from './begin-anew.ts';

export type BranchOff = {
  type: 'forked' | 'replayed';
  point: BranchPoint;
  /** What the run goes on as: its id, its workflow, its new epoch, and the last step of its journal. */
  head: RunHead;
  body: NonNullable<RunSnapshot['body']>;
  now: number;
  /** Applied to the state through the reducers, in order; `__overwrite__` replaces. */
  updates: readonly (readonly [string, Json])[];
  /** Whether what begins anew reads the state as it is now. */
  fresh: boolean;
};

/** The decision, and the run at work, for what comes after. */
export type BranchedOff = { run: WorkingRun; decision: Decision };

export function branchOff(graph: Graph, request: BranchOff): BranchedOff {
  const { type, point } = request;
  const state = stateOf(graph, request);
  const run = new WorkingRun(graph, snapshotOf(graph, request, state), request.now);
  run.openStep(type);
  const [step] = run.steps;
  if (!step) throw new Error('no step was opened');
  step.parent = type === 'replayed' ? point.step : 0;
  const standing = standingAt(run, request);
  const writes = writesOf(request, { state, step: step.step });
  Object.assign(step.facts, factsOf(request, standing, writes));
  takeStand(run, standing);
  restoreItems(run, point);
  const joins = Array.from(point.fold.progress.joins.values());
  goOn(run, step, request);
  return { run, decision: { ...toDecision(run, []), writes, joins, branch: branchOf(point, standing.finished) } };
}

/** What each channel holds after the updates. */
function stateOf(graph: Graph, { point, updates }: BranchOff): Map<string, Json> {
  const state = new Map<string, Json>();
  for (const [name, schema] of graph.state) {
    if (schema.ephemeral) continue;
    const reducer = schema.reducer ?? 'last_value';
    let value = channelValue(schema, point.channels.get(name));
    for (const [channel, update] of updates) if (channel === name) value = applyWrite(reducer, value, update);
    state.set(name, value);
  }
  return state;
}

/** Nothing of the run is looked at but what stands here. */
function snapshotOf(graph: Graph, { head, body }: BranchOff, state: ReadonlyMap<string, Json>): RunSnapshot {
  const reads = { ...noReads(), everything: true, body: true, channels: new Set(graph.state.keys()) };
  const channels = new Map(Array.from(state, ([name, base]) => [name, plainChannel(base)]));
  return { ...emptyParts(reads), head: { ...head }, body, channels };
}

function plainChannel(base: Json): ChannelRecord {
  return { base, deltas: [], lastStep: 0, deltaBytes: 0, baseBytes: 0 };
}

/** A fork has a state of its own; a replayed run begins anew those channels that were written since, or are now. */
function writesOf(
  { type, point, updates }: BranchOff,
  { state, step }: { state: ReadonlyMap<string, Json>; step: number },
): ChannelWrite[] {
  const updated = updates.map(([channel]) => channel);
  const channels = new Set([...updated, ...(type === 'forked' ? point.channels.keys() : point.writtenLater)]);
  return Array.from(channels).flatMap((channel): ChannelWrite[] => {
    const value = state.get(channel);
    return value === undefined ? [] : [{ channel, step, kind: 'base', value }];
  });
}

function factsOf(request: BranchOff, { anew }: Standing, writes: readonly ChannelWrite[]): Partial<Facts> {
  const { type, point, head } = request;
  const { fold } = point;
  const from = { runId: point.runId, step: point.step };
  // What had failed in the end is retried at once.
  const status = fold.progress.head.status === 'failed' ? 'failed' : 'running';
  const facts: Partial<Facts> = { from, run: { status, epoch: head.epoch } };
  if (writes.length > 0) facts.writes = writes.map(({ channel }) => channel);
  if (type === 'replayed') {
    facts.tasks = anew.flatMap((task) => [{ key: task.key, status: 'pending', attempt: task.attempt }, factOf(task)]);
    return facts;
  }
  facts.snapshot = {
    tasks: toSnapshot(point, anew),
    joins: Array.from(fold.progress.joins.values(), toJoinFact),
    jumps: fold.progress.head.jumps,
    mail: Array.from(fold.kept),
  };
  return facts;
}

/** In the order in which they were armed. Most have ended at their first attempt, and there is no more to say of them. */
function toSnapshot(point: BranchPoint, anew: readonly TaskRecord[]): SnapshotTask[] {
  const { fold } = point;
  const begun = new Map(anew.map((task) => [task.key, task]));
  const tasks: SnapshotTask[] = [];
  for (const [key, task] of fold.progress.tasks) {
    const again = begun.get(key);
    const last = tasks.at(-1);
    const letter = fold.letters.get(key) ?? null;
    if (again || letter || !isPlain(task)) tasks.push(withError(point, factOf(again ?? { key, ...task, letter })));
    else if (last && 'keys' in last && last.status === task.status) last.keys.push(key);
    else tasks.push({ status: task.status, keys: [key] });
  }
  return tasks;
}

function isPlain({ status, attempt, failures, crashes, blamed, waits }: TaskProgress): boolean {
  return status !== 'failed' && attempt === 1 && failures + crashes === 0 && !blamed && waits === null;
}

function factOf(task: (TaskProgress & Pick<TaskRecord, 'key' | 'letter'>) | TaskRecord): TaskFact {
  const { key, status, attempt, failures, crashes, blamed, waits, letter } = task;
  const detail = 'detail' in task ? task.detail : null;
  return {
    key,
    status,
    attempt,
    ...(failures > 0 && { failures }),
    ...(crashes > 0 && { crashes }),
    ...(blamed && { blamed }),
    ...(waits !== null && { waits }),
    ...(detail?.kind === 'wait' && { dueAt: detail.dueAt }),
    ...(detail?.kind === 'items' && { items: detail.total }),
    ...(letter && { letter }),
  };
}

/** The steps that tell why tasks have failed are not those of the fork. */
function withError(point: BranchPoint, fact: TaskFact): TaskFact {
  const failure = fact.status === 'failed' ? failureOf(point, fact) : null;
  return failure ? { ...fact, error: failure.error } : fact;
}

function toJoinFact({ key, ended, taken, failed, fired }: JoinRecord): JoinFact {
  return [key, ended, taken, failed, fired ? 1 : 0];
}

function takeStand(run: WorkingRun, { anew }: Standing): void {
  for (const task of anew) {
    run.tasks.set(task.key, task);
    run.armed.add(task.key);
    run.changedTasks.add(task.key);
    if (task.letter) run.letters.add(task.key);
    if (task.status === 'ready') run.handOut(task);
  }
}

/** The items of sends that were not armed yet, in the pieces that they are read in; those before them are not read again. */
function restoreItems(run: WorkingRun, point: BranchPoint): void {
  for (const [key, rest] of point.items) {
    const total = itemsOf(point, key)?.total ?? 0;
    const from = point.fold.progress.joins.get(itemsKey(key))?.taken ?? 0;
    for (let chunk = Math.floor(from / CHUNK_ITEMS); chunk * CHUNK_ITEMS < total; chunk++) {
      const size = Math.min(CHUNK_ITEMS, total - chunk * CHUNK_ITEMS);
      run.chunks.push({
        key,
        chunk,
        items: Array.from({ length: size }, (_, i) => rest.get(chunk * CHUNK_ITEMS + i) ?? null),
      });
    }
  }
}

/** What folding the step would make of the head: only the tasks that begin anew differ from those of the branch point. */
function headAfter(
  step: StepRecord,
  { fold: { progress } }: BranchPoint,
  anew: Iterable<TaskRecord>,
): Progress['head'] {
  const head = { ...progress.head, step: step.step };
  for (const task of anew) countTask(head, progress.tasks.get(task.key), factOf(task));
  if (step.facts.run) applyRun({ head, tasks: new Map() }, step.facts.run);
  return head;
}

/** What can go on by itself does so in the next transaction, for which mail asks. */
function goOn(run: WorkingRun, step: StepRecord, { point }: BranchOff): void {
  const { live, asking, status } = Object.assign(run.head, headAfter(step, point, run.tasks.values()));
  if (live === 0 && asking > 0 && step.facts.run) {
    step.facts.run.status = 'interrupted';
    run.head.status = 'interrupted';
  }
  const sends = Array.from(run.tasks.values()).some(({ waits }) => waits === 'items');
  if (run.inline.length === 0 && live + asking > 0 && !sends) return;
  run.sentMail.push({ to: null, kind: status === 'failed' ? 'retry' : 'go_on', payload: {}, dedupeKey: null });
}

function branchOf({ runId, kept }: BranchPoint, finished: readonly FinishedTask[]): Branch {
  return { from: runId, finished, kept: kept.map(({ id }) => id) };
}
