import type { Json, JsonObject } from '@weft/contract';

import type { Graph } from '../../domain/graph/graph.ts';
import { firstKey } from '../../domain/run/reads.ts';
import type { RunReader, RunRecord } from '../../ports/index.ts';

/**
 * The output of a run: null until it has succeeded; then the value of the document's `output` template, which was stored
 * when the run ended, else the output of the only node that leads to the end, else an object of the outputs of those final
 * nodes that have succeeded.
 */
export async function runOutput(reader: RunReader, graph: Graph, { head, output }: RunRecord): Promise<Json> {
  if (head.status !== 'succeeded') return null;
  if (graph.output) return output;
  const tasks = await reader.tasksByKey(head.id, graph.finals.map(firstKey));
  const succeeded = new Map(
    tasks.filter(({ status }) => status === 'succeeded').map((task) => [task.node, task.output]),
  );
  const [only] = graph.finals;
  if (only !== undefined && graph.finals.length === 1) return succeeded.get(only) ?? null;
  const outputs: JsonObject = {};
  for (const name of graph.finals) if (succeeded.has(name)) outputs[name] = succeeded.get(name) ?? null;
  return outputs;
}
