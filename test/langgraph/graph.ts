/**
 * A graph told once, in words that belong to neither side: both runners make their own graph of it, with the same functions
 * as its nodes.
 */
import type { Json, JsonObject } from '@weft/contract';

/** The state as a node reads it: every declared key, null where nothing has been written. An item, for the target of a fan. */
export type State = Record<string, Json>;

/** `update` goes to the state, `goto` names nodes to run next, beside those that the edges lead to. */
export type Result = { update?: JsonObject; goto?: string[] };

/** `time`: how often the node has been called in this case, this call included. */
export type Call = { time: number; signal: AbortSignal };

export type Work = (state: State, call: Call) => Result | Promise<Result>;

export type WorkNode = {
  kind: 'work';
  work: Work;
  /** Calls in all, the first one included. */
  attempts?: number;
  /** Runs once nothing else is left to do. */
  defer?: true;
  /** What its gotos may name. */
  goes?: string[];
  timeoutMs?: number;
  /** A result holds for equal input. */
  cached?: true;
  /** Runs in place of the node's failure, with what the node read. */
  rescue?: Work;
};

/** Asks questions one after another; each answer is written to its key once all are there. */
export type AskNode = { kind: 'ask'; questions: { question: string; into: string }[] };

/** Runs another graph: with these keys of the state as its input; of its last state these keys come back. */
export type ChildNode = { kind: 'child'; graph: Graph; takes: string[]; gives: string[] };

export type Node = WorkNode | AskNode | ChildNode;

/** `append` concatenates lists, `merge` goes deep, `messages` knows ids, `once` is seen in the next superstep only. */
export type Channel = 'last' | 'append' | 'add' | 'min' | 'max' | 'merge' | 'messages' | 'once';

/** Runs `to` once for each entry of the list in `items`, which is all that it reads. */
export type Fan = { from: string; items: string; to: string };

export type Graph = {
  channels: Record<string, Channel>;
  nodes: Record<string, Node>;
  /** `a -> b`, or `a + b -> c`, which waits for both. */
  edges: string[];
  /** Computed after the node (CEL over `state`, each expression one choice): names the next node, or `END`. */
  choices?: Record<string, string | string[]>;
  fans?: Fan[];
  stopBefore?: string[];
  stopAfter?: string[];
  maxSupersteps?: number;
};

export type Edge = { from: string[]; to: string };

export const END = 'END';

/** Replaces what is in the key, whatever its reducer. */
export function overwrite(value: Json): Json {
  return { overwrite: value };
}

export function isOverwrite(value: Json | undefined): value is { overwrite: Json } {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === 'overwrite';
}

export function choicesOf({ choices = {} }: Graph, from: string): string[] {
  return [choices[from] ?? []].flat();
}

export function edgesOf({ edges }: Graph): Edge[] {
  return edges.map((text) => {
    const [from = '', to = ''] = text.split(' -> ');
    return { from: from.split(' + '), to };
  });
}

/** A node of one function. */
export function work(run: Work, options: Omit<WorkNode, 'kind' | 'work'> = {}): WorkNode {
  return { kind: 'work', work: run, ...options };
}

/** A node that writes its update whatever it reads. */
export function writes(update: JsonObject, options: Omit<WorkNode, 'kind' | 'work'> = {}): WorkNode {
  return work(() => ({ update }), options);
}

/** A node that adds this to the list `log`. */
export function logs(entry: string, options: Omit<WorkNode, 'kind' | 'work'> = {}): WorkNode {
  return writes({ log: [entry] }, options);
}

export function asks(question: string, into: string): AskNode {
  return { kind: 'ask', questions: [{ question, into }] };
}

/** Failed with this code, on both sides. */
export function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
