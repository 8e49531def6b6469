import type { Json } from '@weft/contract';

import type { Graph } from '../../domain/graph/graph.ts';
import type { StateChanges } from '../engine.ts';
import { checkUpdates } from './steered-run.ts';

/** The changes as updates, in the order in which they apply. Throws AppError `invalid_input`. */
export function stateChangesOf(graph: Graph, { stateOverrides, stateUpdates }: StateChanges): [string, Json][] {
  const replaced = Object.fromEntries(
    Object.entries(stateOverrides ?? {}).map(([key, value]) => [key, { __overwrite: true, value }]),
  );
  checkUpdates(graph, replaced, '/stateOverrides');
  checkUpdates(graph, stateUpdates ?? {}, '/stateUpdates');
  return [...Object.entries(replaced), ...Object.entries(stateUpdates ?? {})];
}
