/** What is done with a graph, what is seen of it, and what is expected to be seen. */
import type { Json, JsonObject } from '@weft/contract';

import type { Graph } from './graph.ts';

export const GROUPS = [
  'channels',
  'ordering',
  'edges and joins',
  'sends and gotos',
  'interrupts',
  'errors and retry',
  'time travel',
  'durability',
  'streams',
  'cache',
  'subgraphs',
  'limits',
] as const;
export type Group = (typeof GROUPS)[number];

/** One thing done from outside; what comes of it is awaited before the next one. */
export type Action =
  /** Question -> answer. */
  | { do: 'answer'; answers: Record<string, Json>; update?: JsonObject }
  /** One answer that names no question. */
  | { do: 'answerBarely'; answer: Json }
  /** Goes on after a stop at a node. */
  | { do: 'goOn' }
  /** Goes on after a failure. */
  | { do: 'retry' }
  /** Writes to the state of a run that is held, as if the node had. */
  | { do: 'write'; update: JsonObject; as?: string }
  /** Goes back to where this node was about to run, and on from there; `update` is written first, as if by `as`. */
  | { do: 'replay'; before: string }
  | { do: 'fork'; before: string; update: JsonObject; as: string };

/** What both sides are asked to show. */
export type Seen = {
  /** How the start and each action ended: `succeeded`, `failed CODE`, `refused CODE`, `asks A, B` or `stops at A, B`. */
  ends: string[];
  /** The state at the end, null for a key without a value. */
  state: JsonObject;
  /** The nodes of each committed superstep with what they wrote; by name, then by text. */
  supersteps: [node: string, update: JsonObject][][];
  /** The state after each of them. */
  values: JsonObject[];
  /** What a listener was told, where the case has one. */
  heard: Json[];
  /** How often each node was called; of questions, how often one was asked for the first time. */
  calls: Record<string, number>;
};

/** A part of what is seen; the supersteps by the names of their nodes, as in `a | b c`. */
export type Expected = {
  ends?: string | string[];
  state?: JsonObject;
  order?: string;
  calls?: Record<string, number>;
  heard?: Json[];
};

/**
 * `values`: the state, each time it has changed; `updates`: each node with what it wrote, and questions as `{ asks }`.
 */
export type Listening = 'values' | 'updates';

export type Case = {
  group: Group;
  /** A sentence on what LangGraph does. */
  name: string;
  graph: Graph;
  input?: JsonObject;
  does?: Action[];
  listens?: Listening;
  expects: Expected;
  /** Where Weft does something else on purpose: why, and what. */
  differs?: { because: string; weft: Expected };
};

export function orderOf({ supersteps }: Seen): string {
  return supersteps.map((step) => step.map(([node]) => node).join(' ')).join(' | ');
}

/** One superstep as it is compared: who finished first is not part of it. */
export function sortStep(step: [string, JsonObject][]): [string, JsonObject][] {
  return step.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** What was seen, as far as this says anything of it. */
export function asExpected(seen: Seen, expected: Expected): Expected {
  return {
    ...(expected.ends !== undefined && { ends: typeof expected.ends === 'string' ? seen.ends.join(' ') : seen.ends }),
    ...(expected.state !== undefined && { state: seen.state }),
    ...(expected.order !== undefined && { order: orderOf(seen) }),
    ...(expected.calls !== undefined && { calls: seen.calls }),
    ...(expected.heard !== undefined && { heard: seen.heard }),
  };
}
