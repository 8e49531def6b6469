/** The tasks that there are: what they are of must be there still, of the same type, and what they have begun must be the same. */
import type { OnFailure } from '@weft/contract';

import type { GraphNode } from '../graph/graph.ts';
import { itemsKey } from '../run/reads.ts';
import type { TaskProgress } from '../run/journal.ts';
import { LIVE_TASK } from '../run/status.ts';
import { nodeOf, ownerOf } from '../task-key.ts';
import type { Misfit, Move } from './misfit.ts';
import { nodePointer } from './misfit.ts';
import { workChanged } from './work.ts';

export function taskMisfits(move: Move): Misfit[] {
  const found: Misfit[] = [];
  for (const [key, task] of move.progress.tasks) {
    const name = nodeOf(key);
    const [before, after] = [move.from.nodes.get(name), move.to.nodes.get(name)];
    if (!after) found.push(...removed(name, task));
    else if (before) found.push(...changed(move, { key, task, before, after }));
    else found.push(usedName(name));
  }
  for (const { key, fired } of move.progress.joins.values()) {
    const name = nodeOf(key);
    if (fired || key.endsWith('[]') || move.to.nodes.has(name)) continue;
    const message = `the new version has no node ${name}, and edges to it have ended; keep it, or migrate once it has run`;
    found.push({ code: 'node_removed', pointer: '/nodes', message });
  }
  return found;
}

/** What has ended well is not asked for any more; the new version cannot name its result. */
function removed(name: string, { status }: TaskProgress): Misfit[] {
  if (status === 'succeeded' || status === 'skipped') return [];
  const message = `the new version has no node ${name}, which is ${status} in this run; keep it, or migrate once it has ended`;
  return [{ code: 'node_removed', pointer: '/nodes', message }];
}

/** A version between had no such node, so that nothing is known of what ran under its name. */
function usedName(name: string): Misfit {
  const message = `a node ${name} has run in this run before; give the new node another name`;
  return { code: 'node_too_late', pointer: nodePointer(name), message };
}

type Seen = { key: string; task: TaskProgress; before: GraphNode; after: GraphNode };

function changed(move: Move, seen: Seen): Misfit[] {
  const { key, task, before, after } = seen;
  const { name } = after;
  if (before.type !== after.type) {
    const message = `${name} has run as a ${before.type} and is a ${after.type} now; give the new node another name`;
    return [{ code: 'node_type_changed', pointer: nodePointer(name, 'type'), message }];
  }
  const isOpen = task.status !== 'succeeded' && task.status !== 'skipped';
  if (isOpen && (ownerOf(key) !== null) !== move.to.sendTargets.has(name)) {
    const message = `${name} is ${task.status}, and the new version changes whether it runs for the items of a send`;
    return [{ code: 'send_changed', pointer: nodePointer(name), message }];
  }
  if (LIVE_TASK.has(task.status)) return liveMisfits(move, seen);
  return isOpen ? endedMisfits(move, seen) : [];
}

/** What waits to be handed out follows the new version; what has begun goes on as it has begun. */
function liveMisfits(move: Move, { task, before, after }: Seen): Misfit[] {
  const { name } = after;
  const isChanged = workChanged(move.from, move.to, name);
  if (task.status === 'running' && isChanged) {
    const message = `${name} is running, and the new version changes what it does; migrate once it has ended`;
    return [{ code: 'node_running', pointer: nodePointer(name), message }];
  }
  if (task.waits === null || task.waits === 'retry') return [];
  if (task.waits === 'answer' && losesBreakpoint(before, after)) {
    const message = `the run may wait at the breakpoint of ${name}, which the new version has not; pass it, or keep it`;
    return [{ code: 'breakpoint_removed', pointer: nodePointer(name), message }];
  }
  // A task node that waits for an answer waits at a breakpoint.
  if (!isChanged || (task.waits === 'answer' && after.type !== 'interrupt')) return [];
  const message = `${name} waits already, and the new version changes what it waits for; migrate once it goes on`;
  return [{ code: 'wait_changed', pointer: nodePointer(name), message }];
}

function losesBreakpoint({ breaks: before }: GraphNode, { breaks: after }: GraphNode): boolean {
  return (before.before && !after.before) || (before.after && !after.after);
}

/** What a retry takes up again: a send goes on with the items that it has, and a failure must mean what it did. */
function endedMisfits(move: Move, { key, task, before, after }: Seen): Misfit[] {
  const { name } = after;
  const found: Misfit[] = [];
  if (move.progress.joins.has(itemsKey(key)) && workChanged(move.from, move.to, name)) {
    const message = `${name} has sent out items, and the new version changes them; a retry goes on with those that there are`;
    found.push({ code: 'send_changed', pointer: nodePointer(name), message });
  }
  const isItem = ownerOf(key) !== null;
  if (task.status === 'failed' && !isItem && policyOf(before.onFailure) !== policyOf(after.onFailure)) {
    const message = `${name} has failed under onFailure ${policyOf(before.onFailure)}; it cannot be changed to ${policyOf(after.onFailure)} any more`;
    found.push({ code: 'failure_policy_changed', pointer: nodePointer(name, 'onFailure'), message });
  }
  return found;
}

function policyOf(onFailure: OnFailure): string {
  return typeof onFailure === 'string' ? onFailure : `goto ${onFailure.goto}`;
}
