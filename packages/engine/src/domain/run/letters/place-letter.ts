/**
 * Where a dead letter stands in its run, and so what it means to do it again: either the run has waited for it, or it has gone on
 * from its failure, and only its own result is still to be had.
 */
import { ownerOf } from '../../task-key.ts';
import { itemsKey, NeedsMore, noReads } from '../reads.ts';
import type { TaskRecord } from '../records.ts';
import { isUnfinished } from '../retry-run.ts';
import { placeOfRun } from '../superstep/place.ts';
import type { WorkingRun } from '../working-run.ts';

/** `keys`: the letter, and the sends that have failed for it, outermost last. */
export type LetterPlace = { keys: string[]; alone: boolean };

/** Null for one that cannot be done again now. */
export function placeLetter(run: WorkingRun, task: TaskRecord): LetterPlace | null {
  const chain = failedFor(run, task);
  const top = chain.at(-1) ?? task;
  if (top.lane === null && !run.snapshot.reads.everything) throw new NeedsMore({ everything: true });
  const keys = chain.map(({ key }) => key);
  const way = ownerOf(top.key) ? wayOfItem(run, top) : wayOfNode(run, top);
  if (way === 'again') return { keys, alone: false };
  return way === 'alone' && canStandAlone(run, top) ? { keys, alone: true } : null;
}

/** The task, and the sends around it that have failed as well. */
function failedFor(run: WorkingRun, task: TaskRecord): TaskRecord[] {
  const owner = ownerOf(task.key);
  const send = owner ? taskOf(run, owner.send) : undefined;
  return send?.status === 'failed' ? [task, ...failedFor(run, send)] : [task];
}

function taskOf(run: WorkingRun, key: string): TaskRecord | undefined {
  run.expect({ ...noReads(), tasks: new Set([key]) });
  return run.task(key);
}

type WayOn = 'again' | 'alone' | 'never';

/** Its send may still count it; of one that has come to its end, others may be reading the outputs as long as the run goes on. */
function wayOfItem(run: WorkingRun, { key }: TaskRecord): WayOn {
  const send = taskOf(run, ownerOf(key)?.send ?? '');
  if (!send) return 'never';
  run.expect({ ...noReads(), joins: new Set([itemsKey(send.key)]) });
  if (send.waits === 'items') return run.join(itemsKey(send.key)) ? 'again' : 'never';
  if (send.status === 'cancelled') return run.head.status === 'failed' && isUnfinished(run, send) ? 'again' : 'never';
  return send.status === 'succeeded' && run.hasEnded && !isOfSuperstep(run, key) ? 'alone' : 'never';
}

function wayOfNode(run: WorkingRun, task: TaskRecord): WayOn {
  if (run.graph.superstep && isOfSuperstep(run, task.key)) return 'again';
  if (task.blamed) return run.hasEnded || mayCountAgain(run, task) ? 'again' : 'never';
  return run.head.status === 'failed' && isUnfinished(run, task) ? 'again' : 'alone';
}

/** Whether the task, or its send, belongs to the superstep that has not ended. */
function isOfSuperstep(run: WorkingRun, key: string): boolean {
  const root = key.slice(0, /[[/]|$/.exec(key)?.index);
  return placeOfRun(run).nodes.some((name) => root === run.keyOf(name));
}

/** Whether a run that goes on has done nothing yet that it would have to take back. */
function mayCountAgain(run: WorkingRun, task: TaskRecord): boolean {
  if (run.graph.superstep) return false;
  const behind = run.node(task.node).out.filter((edge) => !run.graph.backs.has(edge));
  const keys = new Set(behind.map(({ to }) => run.keyOf(to)));
  run.expect({ ...noReads(), tasks: keys, joins: keys });
  for (const key of keys) run.join(key);
  return Array.from(keys).every((key) => {
    const target = run.task(key);
    return !target || (target.status !== 'failed' && !(target.fate?.kind === 'skip' && target.fate.failed));
  });
}

/** What no worker does would come to the same again; but a send gets its items done again. */
function canStandAlone(run: WorkingRun, { key, lane, detail }: TaskRecord): boolean {
  return lane !== null || (detail?.kind === 'items' && run.join(itemsKey(key)) !== undefined);
}
