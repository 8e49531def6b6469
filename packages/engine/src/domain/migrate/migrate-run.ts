/** Moving a run to another version of its workflow: one step, after which the new version is in force. */
import type { Graph } from '../graph/graph.ts';
import { asArmed } from '../run/as-armed.ts';
import { NeedsMore, noReads } from '../run/reads.ts';
import type { Mail, TaskRecord } from '../run/records.ts';
import { isUnfinished } from '../run/retry-run.ts';
import type { WorkingRun } from '../run/working-run.ts';
import { ownerOf, rootOf } from '../task-key.ts';
import { misfits } from './misfits.ts';
import { placeChanged, workChanged } from './work.ts';

/**
 * Moves the run if it fits, and changes nothing otherwise: whoever has sent the mail finds out why by asking again. Tasks that wait
 * to be handed out, or are to be taken up by a retry, are armed anew where the new version has them do something else; all
 * others stay as they are, and what runs goes on.
 */
export function migrateRun(run: WorkingRun, { id, payload }: Mail): void {
  const { version, ifStep } = payload as { version: number; ifStep: number | null };
  const [from, to] = [run.graph, run.versions.get(version)];
  if (!to || version === from.ref.version || (ifStep !== null && ifStep !== run.head.step)) return;
  if (!run.snapshot.reads.everything) throw new NeedsMore({ everything: true });
  run.expect({ ...noReads(), channels: storedKeys(from) });
  const progress = { head: run.head, tasks: run.tasks, joins: run.joins };
  if (misfits({ from, to, progress, written: run.state.written() }).length > 0) return;
  run.openStep('migrated');
  run.note({ mail: id, migrated: { from: from.ref.version, to: version } });
  run.moveTo(to);
  noteLatest(run, from);
  for (const task of Array.from(run.tasks.values()).toSorted(asArmed)) {
    if (isAfresh(run, task)) armAnew(run, task, from);
    else if (task.status === 'running') dropQueueTimer(run, task, from);
  }
}

function storedKeys({ state }: Graph): Set<string> {
  return new Set(Array.from(state).flatMap(([name, { ephemeral }]) => (ephemeral ? [] : [name])));
}

/** What nobody has read so far may have been through loops: who reads it from now on reads what settled last. */
function noteLatest(run: WorkingRun, from: Graph): void {
  const { jumps } = run.head;
  if (!jumps) return;
  const latest: Record<string, number> = {};
  for (const { key, node, settledStep } of run.tasks.values()) {
    if (settledStep === null || ownerOf(key) !== null || from.readNodes.has(node)) continue;
    const { iteration } = rootOf(key);
    if (run.graph.readNodes.has(node) && iteration > (latest[node] ?? jumps.latest[node] ?? 0))
      latest[node] = iteration;
  }
  if (Object.keys(latest).length > 0) run.note({ jumps: { latest } });
}

/** Whether nobody works on the task, and what has not begun is still to be done. */
function isAfresh(run: WorkingRun, task: TaskRecord): boolean {
  if (task.fate !== null) return false;
  if (task.status === 'ready' || task.waits === 'retry') return true;
  return run.hasEnded && run.graph.nodes.has(task.node) && isUnfinished(run, task);
}

function armAnew(run: WorkingRun, task: TaskRecord, from: Graph): void {
  const { key, node: name, item, attempt } = task;
  if (!workChanged(from, run.graph, name) && !placeChanged(from, run.graph, name)) return;
  const node = run.node(name);
  if (run.hasEnded) {
    run.renew(task, node);
    return;
  }
  const { captured } = task;
  run.clearTimer(key, 'queue');
  run.clearTimer(key, 'retry');
  run.change(task, { status: 'pending', attempt });
  run.arm(node, { key, fate: null, item, passes: true, again: task });
  keepEphemeral(run, key, captured);
}

/** Ephemeral values were seen only when the task was readied first: they are kept for it. */
function keepEphemeral(run: WorkingRun, key: string, captured: TaskRecord['captured']): void {
  const task = run.task(key);
  if (!task?.captured || !captured) return;
  const kept = Object.entries(captured).filter(
    ([name]) => Object.hasOwn(task.captured ?? {}, name) && run.graph.state.get(name)?.ephemeral,
  );
  task.captured = { ...task.captured, ...Object.fromEntries(kept) };
}

/** The timer of a running task's wait for a worker is cleared when it settles, if its node has one. */
function dropQueueTimer(run: WorkingRun, { key, node }: TaskRecord, from: Graph): void {
  if (from.nodes.get(node)?.queueTimeoutMs !== null && run.node(node).queueTimeoutMs === null)
    run.clearTimer(key, 'queue');
}
