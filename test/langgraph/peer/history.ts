/** What the checkpoints of LangGraph say was done: its streams do not tell all where a graph fails. */
import type { Snapshot } from '@langchain/langgraph';
import type { JsonObject } from '@weft/contract';

import { sortStep } from '../case.ts';
import type { Seen } from '../case.ts';
import type { Graph } from '../graph.ts';
import type { Calls } from './calls.ts';
import { storedState } from './plain.ts';

/** The supersteps that were committed, in order, and the state after the last checkpoint. */
export function readHistory(
  newestFirst: readonly Snapshot[],
  graph: Graph,
  calls: Calls,
): Pick<Seen, 'supersteps' | 'values' | 'state'> {
  const snapshots = new Map(newestFirst.map((snapshot) => [idOf(snapshot.config), snapshot]));
  const supersteps: Seen['supersteps'] = [];
  const values: JsonObject[] = [];
  for (const { metadata, parentConfig, values: after } of newestFirst.toReversed()) {
    if (metadata?.source !== 'loop') continue;
    const tasks = snapshots.get(idOf(parentConfig))?.tasks ?? [];
    const own = tasks.filter(({ name }) => !name.startsWith('__'));
    if (own.length === 0) continue;
    supersteps.push(sortStep(own.map(({ id, name }) => [name, calls.updateOf(id)])));
    values.push(storedState(graph, after));
  }
  return { supersteps, values, state: storedState(graph, newestFirst[0]?.values ?? {}) };
}

function idOf(config: Snapshot['parentConfig']): string {
  return String(config?.configurable['checkpoint_id']);
}
