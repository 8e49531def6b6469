/** Loads what claimed tasks need, for all of a claim in one query. */
import type { GraphNode } from '../../domain/graph/graph.ts';
import type { DispatchStore, InputMaterial, TaskMessage } from '../../ports/index.ts';
import type { GraphCache } from '../graph-cache.ts';
import { attemptOf } from './running-flush.ts';

export type Prepared = { node: GraphNode; material: InputMaterial };

/** In the order of the messages; null where the attempt is not current any more, or its node is gone. */
export async function prepareAttempts(
  { graphs, dispatch }: { graphs: GraphCache; dispatch: DispatchStore },
  messages: readonly TaskMessage[],
): Promise<(Prepared | null)[]> {
  const nodes = await Promise.all(
    messages.map(async (message) => (await graphs.load(message.workflow)).nodes.get(message.node) ?? null),
  );
  const materials = await dispatch.loadInputs(
    messages.map((message, index) => ({ task: attemptOf(message), nodes: nodes[index]?.resultReads ?? [] })),
  );
  return nodes.map((node, index) => {
    const material = materials[index];
    return node && material ? { node, material } : null;
  });
}
