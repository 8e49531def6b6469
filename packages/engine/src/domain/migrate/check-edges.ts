/**
 * The edges (rules B1, B2, B10). An edge ends once, when its source settles, and it is counted then. So where edges to a node
 * have ended, the node must have the same edges in both versions; a node that has fired must not get an edge that is still to
 * end; and a node that has not must have edges that are.
 */
import { START } from '@weft/contract';

import type { Edge } from '../graph/edges.ts';
import type { GraphNode } from '../graph/graph.ts';
import { keyOfNode } from '../run/iterations.ts';
import type { Misfit, Move } from './misfit.ts';
import { namesText, nodePointer } from './misfit.ts';

/** `maybe`: the node has failed in a failed run, and it is not known whether its edges had ended before. */
type Ended = 'yes' | 'no' | 'maybe';

export function edgeMisfits(move: Move): Misfit[] {
  return Array.from(move.to.nodes.values()).flatMap((node) => {
    if (move.to.sendTargets.has(node.name)) return [];
    return hasFired(move, node.name) ? firedMisfits(move, node) : waitingMisfits(move, node);
  });
}

function hasFired({ from, progress }: Move, name: string): boolean {
  const key = keyOfNode(from, progress.head.jumps, name);
  return progress.tasks.has(key) || (progress.joins.get(key)?.fired ?? false);
}

/** A node that has fired must not fire again: what still ends is to be absorbed, or was waited for before. */
function firedMisfits(move: Move, node: GraphNode): Misfit[] {
  const old = move.from.nodes.get(node.name);
  if (!old || isSame(old, node)) return [];
  const known = edgeNames(old);
  const open = node.in.filter((edge) => ended(move, edge.from) !== 'yes');
  const late = open.filter((edge) => !known.has(nameOf(edge))).map(({ from }) => from);
  if (late.length > 0) {
    const message = `${node.name} has begun already, so its edge from ${namesText(late)} would come too late; lead it to a node that has not begun`;
    return [{ code: 'edge_too_late', pointer: nodePointer(node.name), message }];
  }
  const isOpen = open.length > 0 || node.deferred;
  if ((isOpen && !absorbs(move, node)) || mayReopen(move, old, node)) return [joinChanged(node.name)];
  return [];
}

/** Whether an edge that ends now is known to have come too late. */
function absorbs({ from, progress }: Move, { name, countsEdges }: GraphNode): boolean {
  const { jumps } = progress.head;
  return (countsEdges || jumps !== null) && (progress.joins.get(keyOfNode(from, jumps, name))?.fired ?? false);
}

/** A retry takes back the edges of what was blamed, and with them what was skipped because of that (rule B3). */
function mayReopen({ from, progress }: Move, old: GraphNode, node: GraphNode): boolean {
  if (progress.head.failed === 0) return false;
  return [...old.in, ...node.in].some((edge) => {
    const task = progress.tasks.get(keyOfNode(from, progress.head.jumps, edge.from));
    return task?.blamed || task?.status === 'skipped';
  });
}

function waitingMisfits(move: Move, node: GraphNode): Misfit[] {
  const { name } = node;
  const old = move.from.nodes.get(name);
  if (old && isSame(old, node)) return [];
  const past = [...(old?.in ?? []), ...node.in]
    .filter(({ from }) => ended(move, from) !== 'no')
    .map(({ from }) => from);
  // Where a retry has taken edges back, there is a count, too.
  const isCounted = move.progress.joins.has(keyOfNode(move.from, move.progress.head.jumps, name));
  if (isCounted || (past.length > 0 && old)) return [joinChanged(name)];
  if (past.length > 0) {
    const message = `the new node ${name} would never begin: ${namesText(past)}, which it needs, has ended already; make it depend on something that has not`;
    return [{ code: 'node_too_late', pointer: nodePointer(name), message }];
  }
  if (node.inDegree > 0 || node.deferred) return [];
  const message = `${name} would never begin: it starts with the run, which has begun already; give it something to wait for`;
  return [{ code: 'node_too_late', pointer: nodePointer(name), message }];
}

function joinChanged(name: string): Misfit {
  const message = `edges to ${name} have ended already, and the new version changes its edges or how it joins them; leave them as they are`;
  return { code: 'join_changed', pointer: nodePointer(name), message };
}

function isSame(old: GraphNode, node: GraphNode): boolean {
  if (old.join !== node.join || old.deferred !== node.deferred || old.in.length !== node.in.length) return false;
  const known = edgeNames(old);
  return node.in.every((edge) => known.has(nameOf(edge)));
}

function edgeNames({ in: edges }: GraphNode): Set<string> {
  return new Set(edges.map(nameOf));
}

/** Which values of a route lead there matters only to what settles from now on. */
function nameOf({ from, kind }: Edge): string {
  return `${kind} ${from}`;
}

/** Whether the edges that leave the node have ended in its iteration that counts. Under `failRun` no edge ends: the run does. */
function ended({ from, progress }: Move, name: string): Ended {
  if (name === START) return 'yes';
  const task = progress.tasks.get(keyOfNode(from, progress.head.jumps, name));
  if (task?.status === 'succeeded' || task?.status === 'skipped') return 'yes';
  if (task?.status !== 'failed' || from.nodes.get(name)?.onFailure === 'failRun') return 'no';
  return progress.head.status === 'failed' ? 'maybe' : 'yes';
}
