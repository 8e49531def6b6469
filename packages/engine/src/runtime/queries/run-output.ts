import type { Json } from '@weft/contract';

import type { Graph } from '../../domain/graph/graph.ts';
import { outputOfFinals } from '../../domain/run/end-run.ts';
import { keyOfNode } from '../../domain/run/iterations.ts';
import type { RunReader, RunRecord } from '../../ports/index.ts';

/**
 * The output of a run: null until it has succeeded; then the value of the document's `output` template, which was stored
 * when the run ended, else the output of the only node that leads to the end, else an object of the outputs of those final
 * nodes that have succeeded.
 */
export async function runOutput(reader: RunReader, graph: Graph, { head, output }: RunRecord): Promise<Json> {
  if (head.status !== 'succeeded') return null;
  if (graph.output) return output;
  // A child's output was stored for its parent.
  if (head.parent) return output;
  const tasks = await reader.tasksByKey(
    head.id,
    graph.finals.map((name) => keyOfNode(graph, head.jumps, name)),
  );
  const succeeded = tasks.filter(({ status }) => status === 'succeeded');
  return outputOfFinals(graph.finals, new Map(succeeded.map((task) => [task.node, task.output])));
}
