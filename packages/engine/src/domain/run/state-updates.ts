/** What a success writes to the state. */
import type { Json, TaskError } from '@weft/contract';

import { getPath } from '../expression/path.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { checkUpdate } from '../state/check-update.ts';

/** Most tasks write nothing. */
const NOTHING: ReadonlyMap<string, Json> = new Map();

/** The node's own mapping, over which the executor's explicit updates win. */
export function stateUpdates(
  node: GraphNode,
  outcome: Extract<Outcome, { kind: 'succeeded' }>,
): ReadonlyMap<string, Json> {
  if (node.output === null && node.outputMapping.length === 0 && !outcome.stateUpdates) return NOTHING;
  const updates = new Map<string, Json>();
  if (node.output !== null) updates.set(node.output, outcome.output);
  for (const [channel, path] of node.outputMapping) updates.set(channel, getPath(outcome.output, path));
  for (const [channel, update] of Object.entries(outcome.stateUpdates ?? {})) updates.set(channel, update);
  return updates;
}

/** Why the state cannot take the updates, before any of them is written; null if it can. */
export function refuseUpdates(graph: Graph, updates: Iterable<[string, Json]>): TaskError | null {
  for (const [channel, update] of updates) {
    const schema = graph.state.get(channel);
    if (!schema) {
      const message = `the workflow declares no state key ${JSON.stringify(channel)}`;
      return { code: 'undeclared_key', message, retryable: false };
    }
    const bad = checkUpdate(schema.reducer ?? 'last_value', update);
    if (bad) return { ...bad, message: `state key ${channel}: ${bad.message}` };
  }
  return null;
}
