import { END, START } from '@weft/contract';
import { documentEdges, type Edge, type WrittenEdge, writtenEdges } from '../graph/edges.ts';
import type { Draft } from './draft.ts';
import type { IssuePath } from './document-issue.ts';

/**
 * The sound part of the graph: edges that other checks have refused are passed over, so that one error is not told twice,
 * and so are the targets of sends, which have no edges.
 */
export type DraftGraph = {
  draft: Draft;
  names: readonly string[];
  edges: readonly Edge[];
  /** In superstep mode: the edges of what sends send to, as if they were those of the sends. */
  itemEdges: readonly Edge[];
  /** Where an edge is written. */
  placeOf: (edge: Edge) => IssuePath;
};

export function readGraph(draft: Draft): DraftGraph {
  const edges = documentEdges(draft.edges);
  return {
    draft,
    names: [...draft.nodeNames].filter((name) => !draft.sendTargets.has(name)),
    edges: edges.filter((edge) => isSound(edge, draft)),
    itemEdges: draft.isSuperstep ? itemEdges(edges, draft).filter((edge) => isSound(edge, draft)) : [],
    placeOf: placesOf(draft),
  };
}

/** Whether a loop that leads to or from the node comes to an end by count. */
export function isBounded(name: string, { draft }: DraftGraph): boolean {
  return draft.nodes.get(name)?.['maxIterations'] !== undefined;
}

function itemEdges(edges: readonly Edge[], draft: Draft): Edge[] {
  return edges.flatMap((edge) => {
    const send = topSend(edge.from, draft);
    return send === undefined ? [] : [{ ...edge, from: send }];
  });
}

/** Sends that send to each other in a circle are refused elsewhere. */
function topSend(target: string, { sendTargets }: Draft): string | undefined {
  const seen = new Set<string>();
  let send = sendTargets.get(target);
  while (send !== undefined && sendTargets.has(send) && !seen.has(send)) {
    seen.add(send);
    send = sendTargets.get(send);
  }
  return send;
}

function isSound({ from, to, kind }: Edge, { nodeNames, sendTargets, isSuperstep }: Draft): boolean {
  const bothExist = (from === START || nodeNames.has(from)) && (to === END || nodeNames.has(to));
  return (
    bothExist && !sendTargets.has(from) && !sendTargets.has(to) && (from !== to || kind === 'route' || isSuperstep)
  );
}

function placesOf({ edges }: Draft): (edge: Edge) => IssuePath {
  const places = new Map<string, WrittenEdge['path']>();
  for (const written of writtenEdges(edges).toReversed()) places.set(placeKey(written), written.path);
  return (edge) => places.get(placeKey(edge)) ?? ['nodes', edge.from];
}

function placeKey({ kind, from, to }: Pick<Edge, 'kind' | 'from' | 'to'>): string {
  return JSON.stringify([kind, from, to]);
}
