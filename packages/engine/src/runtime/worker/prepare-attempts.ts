/** Loads what claimed tasks need, for all of a claim in one query. */
import { AppError } from '@weft/contract';

import { readsBody } from '../../domain/graph/compile-node.ts';
import type { GraphNode } from '../../domain/graph/graph.ts';
import type { DispatchStore, InputMaterial, TaskMessage } from '../../ports/index.ts';
import type { GraphCache } from '../graph-cache.ts';
import { attemptOf } from './running-flush.ts';

/** `keepsOutput`: a large output may be kept as an artifact. */
export type Prepared = { node: GraphNode; material: InputMaterial; keepsOutput: boolean };

/** What a constant input is rendered from. */
const NOTHING: InputMaterial = { input: null, config: null, captured: {}, item: null, nodes: {} };

/**
 * In the order of the messages; null where the attempt is not current any more, or its node is gone. A constant input
 * needs no query, unless it may have been edited, or its run was revoked: an attempt that was overtaken is found out by the fence, or by the flush.
 */
export async function prepareAttempts(
  { graphs, dispatch }: { graphs: GraphCache; dispatch: DispatchStore },
  { messages, revoked }: { messages: readonly TaskMessage[]; revoked: ReadonlySet<string> },
): Promise<(Prepared | null)[]> {
  const found = await Promise.all(messages.map((message) => nodeOf(graphs, message)));
  const wanted = messages.flatMap((message, index) => {
    const node = found[index]?.node;
    const isNeeded = node && (message.attempt > 1 || revoked.has(message.runId) || !isConstant(node));
    if (!isNeeded) return [];
    const { tenant } = message.workflow;
    return [{ task: attemptOf(message), tenant, nodes: node.resultReads, body: readsBody([node.template]), index }];
  });
  const loaded = wanted.length > 0 ? await dispatch.loadInputs(wanted) : [];
  const materials = new Map(wanted.map(({ index }, n) => [index, loaded[n] ?? null]));
  return found.map((one, index) => {
    if (!one) return null;
    const material = materials.has(index) ? materials.get(index) : NOTHING;
    return material ? { ...one, material } : null;
  });
}

/** A message of a workflow that does not exist was written by somebody else; it does not keep the others from their work. */
async function nodeOf(
  graphs: GraphCache,
  { workflow, node: name }: TaskMessage,
): Promise<Omit<Prepared, 'material'> | null> {
  try {
    const graph = await graphs.load(workflow);
    const node = graph.nodes.get(name);
    return node ? { node, keepsOutput: graph.keptNodes.has(name) } : null;
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return null;
    throw error;
  }
}

function isConstant(node: GraphNode): boolean {
  return node.template === null || node.template.references.length === 0;
}
