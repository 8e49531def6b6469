/** What a graph adds in the mode superstep: barriers, and which nodes may be armed more than once (rule B9). */
import type { WorkflowDocument } from '@weft/contract';

import type { Edge } from './edges.ts';
import type { GraphNode } from './graph-node.ts';
import type { Wiring } from './wiring.ts';

export type SuperstepGraph = {
  /** Nodes that wait until each of several others has fired, with these; other edges trigger their target by themselves. */
  barriers: Barriers;
  /** Nodes that edges may trigger in more than one superstep: how often they are armed is counted. */
  repeats: ReadonlySet<string>;
};

type Barriers = ReadonlyMap<string, ReadonlySet<string>>;
type Nodes = ReadonlyMap<string, GraphNode>;

export function compileSuperstep(nodes: Nodes, document: WorkflowDocument, starts: readonly string[]): SuperstepGraph {
  const barriers = new Map<string, ReadonlySet<string>>();
  for (const [name, { join }] of nodes) {
    const needs = new Set(document.nodes[name]?.needs);
    if (needs.size > 1 && join !== 'any') barriers.set(name, needs);
  }
  return { barriers, repeats: repeatsOf(nodes, barriers, new Set(starts)) };
}

/**
 * Of the nodes that would begin with the run those that do: the items of a send go on by the edges of its target in this mode, so a
 * loop that is entered from there has its own way in, although it looks as if it had none.
 */
export function superstepStarts(
  nodes: Nodes,
  beginning: readonly string[],
  { edges, wiring }: { edges: readonly Edge[]; wiring: Pick<Wiring, 'started'> },
): string[] {
  const entered = new Set(edges.map(({ to }) => to));
  const isPlain = (name: string): boolean => wiring.started.has(name) || !entered.has(name);
  const reached = new Set(beginning.filter(isPlain));
  // A set is walked in order of insertion, so this goes on to what is added.
  for (const name of reached) {
    const node = nodes.get(name);
    if (node?.send) reached.add(node.send.target);
    for (const edge of node?.out ?? []) reached.add(edge.to);
  }
  return beginning.filter((name) => isPlain(name) || !reached.has(name));
}

/** `lag`: how many supersteps later the target runs. A route, and the items of a send, run on the way to the next set. */
type Arc = { from: string; to: string; lag: 0 | 1 };

/** The superstep in which a node runs if it does, counted from the start; or there may be more than one. */
type Time = number | 'many';

/**
 * A node is armed once if all that triggers it does so in the same superstep. Nodes are looked at once all that leads to them
 * is known; what is never known lies on a circle, or behind one.
 */
function repeatsOf(nodes: Nodes, barriers: Barriers, starts: ReadonlySet<string>): Set<string> {
  const arcs = Array.from(nodes.values()).flatMap(arcsOf);
  const inbound = Map.groupBy(arcs, ({ to }) => to);
  const outbound = Map.groupBy(arcs, ({ from }) => from);
  const unknown = new Map(Array.from(nodes.keys(), (name) => [name, inbound.get(name)?.length ?? 0]));
  const times = new Map<string, Time>();
  const known = Array.from(nodes.keys()).filter((name) => unknown.get(name) === 0);
  for (const name of known) {
    const from = inbound.get(name) ?? [];
    const isKnown = nodes.get(name)?.deferred !== true;
    times.set(name, isKnown ? timeOf(from, { times, needs: barriers.get(name), starts: starts.has(name) }) : 'many');
    for (const { to } of outbound.get(name) ?? []) {
      const left = (unknown.get(to) ?? 0) - 1;
      unknown.set(to, left);
      if (left === 0) known.push(to);
    }
  }
  return new Set(Array.from(nodes.keys()).filter((name) => typeof times.get(name) !== 'number'));
}

function arcsOf({ name, type, out, send }: GraphNode): Arc[] {
  const arcs = out.map(({ to }): Arc => ({ from: name, to, lag: type === 'route' ? 0 : 1 }));
  return send ? [...arcs, { from: name, to: send.target, lag: 0 }] : arcs;
}

/** A barrier opens with the last of those that it waits for. */
function timeOf(
  arcs: readonly Arc[],
  {
    times,
    needs,
    starts,
  }: { times: ReadonlyMap<string, Time>; needs: ReadonlySet<string> | undefined; starts: boolean },
): Time {
  const single = new Set<number>(starts ? [0] : []);
  let barrier = -1;
  for (const { from, lag } of arcs) {
    const time = times.get(from);
    if (typeof time !== 'number') return 'many';
    if (needs?.has(from)) barrier = Math.max(barrier, time + lag);
    else single.add(time + lag);
  }
  if (barrier >= 0) single.add(barrier);
  return single.size > 1 ? 'many' : (single.values().next().value ?? 0);
}
