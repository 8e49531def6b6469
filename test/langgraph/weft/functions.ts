/** The functions of the cases that run, as one handler: its input says of which case and node. */
import type { Json, JsonObject } from '@weft/contract';
import type { Executor } from '@weft/engine/ports';
import { handlerExecutor } from '@weft/executors';

import { isOverwrite } from '../graph.ts';
import type { Graph, State, Work } from '../graph.ts';
import { HANDLER, rescueName } from './document.ts';

/** What came of the functions of one case. */
export type Functions = {
  works: Map<string, Work>;
  calls: Map<string, number>;
  /** By task. */
  updates: Map<string, JsonObject>;
};

const cases = new Map<string, Functions>();

export const suiteHandler: Executor = handlerExecutor(HANDLER, async (input, { signal, taskId }) => {
  const { case: id, node, state } = input as { case: string; node: string; state: State };
  const functions = cases.get(id);
  const work = functions?.works.get(node);
  if (!functions || !work) throw new Error(`there is no function for ${id} ${node}`);
  const time = (functions.calls.get(node) ?? 0) + 1;
  functions.calls.set(node, time);
  const result = await work(state, { time, signal });
  if (typeof result !== 'object') return result;
  const { update = {}, goto } = result;
  functions.updates.set(taskId, update);
  const targets = goto?.map((name) => (name === 'END' ? '__end__' : name));
  return { output: null, stateUpdates: toWeft(update), ...(targets && { goto: targets }) };
});

/** Makes the functions of the graph known under this name. */
export function register(id: string, graph: Graph, functions = newFunctions()): Functions {
  for (const [name, node] of Object.entries(graph.nodes)) {
    if (node.kind !== 'work') continue;
    functions.works.set(name, node.work);
    if (node.rescue) functions.works.set(rescueName(name), node.rescue);
  }
  cases.set(id, functions);
  return functions;
}

function newFunctions(): Functions {
  return { works: new Map(), calls: new Map(), updates: new Map() };
}

/** An update in the words of Weft. */
export function toWeft(update: JsonObject): JsonObject {
  const entries = Object.entries(update).map(([key, value]): [string, Json] => [
    key,
    isOverwrite(value) ? { __overwrite: true, value: value.overwrite } : value,
  ]);
  return Object.fromEntries(entries);
}
