/** Which iteration of a node counts: how often loops have begun it anew (rule B4). */
import { closureOf } from '../graph/graph.ts';
import type { Graph } from '../graph/graph.ts';
import { rootOf } from '../task-key.ts';
import type { Jumps } from './status.ts';

/** The iteration of the node's activation at the top that counts now; 0 where no loop has come by, or no earlier superstep. */
export function iterationOf(graph: Graph, jumps: Jumps | null, name: string): number {
  if (!jumps) return 0;
  if (jumps.superstep) return Math.max(0, (jumps.superstep.runs[name] ?? 1) - 1);
  let iteration = 0;
  for (const [head, count] of Object.entries(jumps.heads)) {
    if (closureOf(graph, head).has(name)) iteration += count;
  }
  return iteration;
}

/** The key of that activation. */
export function keyOfNode(graph: Graph, jumps: Jumps | null, name: string): string {
  return `${name}#${iterationOf(graph, jumps, name)}`;
}

/** Whether a loop has gone back over the task: it arms nothing any more, and cannot jump, ask or fail the run. */
export function isStale(graph: Graph, jumps: Jumps | null, key: string): boolean {
  if (!jumps) return false;
  const { node, iteration } = rootOf(key);
  return iteration < iterationOf(graph, jumps, node);
}
