/** How the edges that leave a task end when it has settled (rules B1, B3). */
import type { Json } from '@weft/contract';

import type { Edge } from '../graph/edges.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { EdgeEnd } from '../graph/join.ts';
import type { TaskRecord } from './records.ts';

export function endAfterSuccess(node: GraphNode, edge: Edge, output: Json): EdgeEnd {
  if (edge.kind === 'plain') return 'taken';
  if (edge.kind === 'goto') return 'notTaken';
  const value = (output as { route: string }).route;
  if (edge.values?.includes(value)) return 'taken';
  return edge.isDefault && !node.routeValues.has(value) ? 'taken' : 'notTaken';
}

/** Under `failRun` no edge ends: the run does. */
export function endAfterFailure({ onFailure }: GraphNode, edge: Edge): EdgeEnd {
  if (onFailure === 'skipDependents') return 'failed';
  if (onFailure === 'continue') return edge.kind === 'plain' ? 'taken' : 'notTaken';
  return edge.kind === 'goto' ? 'taken' : 'notTaken';
}

/** How an edge ended, told from its source's row; null if it has not ended. */
export function edgeEnd(node: GraphNode, edge: Edge, { status, output, fate, detail }: TaskRecord): EdgeEnd | null {
  if (status === 'succeeded') return detail?.kind === 'jumped' ? 'notTaken' : endAfterSuccess(node, edge, output);
  if (status === 'failed') return endAfterFailure(node, edge);
  if (status !== 'skipped') return null;
  return fate?.kind === 'skip' && fate.failed ? 'failed' : 'notTaken';
}
