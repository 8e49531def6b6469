/** What comes after a step: tasks that could run, tasks that wait, and nodes of which only some edges have ended. */
import type { NextUp } from '@weft/contract';

import type { Graph } from '../../../domain/graph/graph.ts';
import { LIVE_TASK, TERMINAL_RUN } from '../../../domain/run/status.ts';
import { nodeOf } from '../../../domain/task-key.ts';
import { toInstant } from '../instant.ts';
import { foldedTask } from '../../../domain/run/fold.ts';
import type { FoldedRun, FoldedTask } from '../../../domain/run/fold.ts';
import { placeOfKey } from './name-checkpoint.ts';

const MAX_SHOWN = 200;

/** At most 200 of them; `total` counts them all. Nothing comes after the end of a run. */
export function nextUp(graph: Graph, fold: FoldedRun): { next: NextUp[]; total: number } {
  const { head, tasks, joins } = fold.progress;
  if (TERMINAL_RUN.has(head.status)) return { next: [], total: 0 };
  const next: NextUp[] = [];
  let total = 0;
  for (const [key, { status }] of tasks) {
    if (!LIVE_TASK.has(status)) continue;
    total += 1;
    const task = next.length < MAX_SHOWN ? foldedTask(fold, key) : null;
    if (task) next.push(ofTask(task, fold));
  }
  for (const { key, ended, fired } of joins.values()) {
    if (fired || key.endsWith('[]') || tasks.has(key)) continue;
    total += 1;
    if (next.length === MAX_SHOWN) continue;
    const edges = { ended, total: graph.nodes.get(nodeOf(key))?.inDegree ?? ended };
    next.push({ ...placeOfKey(key), status: 'pending', waits: 'edges', edges });
  }
  return { next, total };
}

/** How far a send has come stands among the joins, under its key. */
function ofTask({ key, status, waits, dueAt }: FoldedTask, { progress }: FoldedRun): NextUp {
  const items = waits === 'items' ? progress.joins.get(`${key}[]`) : undefined;
  return {
    ...placeOfKey(key),
    status: status === 'waiting' ? 'waiting' : 'ready',
    ...(waits !== null && { waits }),
    ...(dueAt !== null && { dueAt: toInstant(dueAt) }),
    ...(items && { items: { begun: items.taken, ended: items.ended } }),
  };
}
