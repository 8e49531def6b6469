/** What differs between the documents of two runs. */
import type { ComparedDefinition, Json, JsonObject, RunComparison } from '@weft/contract';

import type { Graph } from '../../../domain/graph/graph.ts';
import { differences } from '../../../domain/state/differences.ts';

const MAX_NODES = 200;
const MAX_DIFFERENCES = 20;

/** `order`: the nodes of both. */
export function compareWorkflows(from: Graph, to: Graph, order: readonly string[]): RunComparison['workflow'] {
  if (from === to) return { nodes: [], count: 0, keys: [] };
  const nodes = order.flatMap((node) => compareNode(node, from, to));
  return { nodes: nodes.slice(0, MAX_NODES), count: nodes.length, keys: otherKeys(from, to) };
}

function compareNode(node: string, from: Graph, to: Graph): ComparedDefinition[] {
  const [before, after] = [definition(from, node), definition(to, node)];
  if (before === undefined) return [{ node, change: 'added' }];
  if (after === undefined) return [{ node, change: 'removed' }];
  const found = differences(before, after, MAX_DIFFERENCES);
  return found.count === 0 ? [] : [{ node, change: 'changed', differences: found }];
}

/** Documents are JSON. */
function definition({ document: { nodes } }: Graph, node: string): Json | undefined {
  return Object.hasOwn(nodes, node) ? (nodes[node] as Json) : undefined;
}

function otherKeys(from: Graph, to: Graph): string[] {
  const [{ nodes: _a, ...before }, { nodes: _b, ...after }] = [from.document, to.document];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const part = (document: object, key: string): Json => (document as JsonObject)[key] ?? null;
  return Array.from(keys).filter((key) => differences(part(before, key), part(after, key), 1).count > 0);
}
