/** Makes a workflow in superstep mode out of a graph of the suite, as its author would write it. */
import type { EdgePair, JsonObject, StateKey, WorkflowDocument, WorkflowNode } from '@weft/contract';

import { choicesOf, edgesOf } from '../graph.ts';
import type { Channel, Graph, Node } from '../graph.ts';

/** `id`: under which the functions of the case are found. `input`: with any, a node of its own writes it to the state. */
export type Place = { id: string; input: JsonObject; children: ReadonlyMap<string, string> };

/** The executor that calls the functions. */
export const HANDLER = 'suite';

/** The node that writes the input; in LangGraph that is no superstep. */
export const BEGIN = 'begin';

export function toDocument(graph: Graph, place: Place): WorkflowDocument {
  const begins = Object.keys(place.input).length > 0;
  const nodes = Object.entries(graph.nodes).flatMap(([name, node]) => nodesOf(name, node, { graph, place }));
  const ways = Object.keys(graph.nodes).flatMap((name) => waysOf(name, graph));
  const sends = (graph.fans ?? []).map(({ from, items, to }): [string, WorkflowNode] => [
    sendName(from, to),
    { type: 'send', items: `\${state.${items}}`, target: to },
  ]);
  const begin: [string, WorkflowNode][] = begins
    ? [[BEGIN, { type: 'transform', updates: beginning(place.input) }]]
    : [];
  return {
    name: place.id,
    mode: 'superstep',
    state: Object.fromEntries(Object.entries(graph.channels).map(([key, channel]) => [key, stateKeyOf(channel)])),
    nodes: Object.fromEntries([...begin, ...nodes, ...ways, ...sends]),
    edges: edgePairs(graph, begins),
    output: '${state}',
    ...(graph.maxSupersteps !== undefined && { maxSteps: graph.maxSupersteps + (begins ? 1 : 0) }),
    ...(graph.stopBefore && { interruptBefore: graph.stopBefore }),
    ...(graph.stopAfter && { interruptAfter: graph.stopAfter }),
  };
}

function beginning(input: JsonObject): JsonObject {
  return Object.fromEntries(Object.keys(input).map((key) => [key, `\${input.${key}}`]));
}

function stateKeyOf(channel: Channel): StateKey {
  switch (channel) {
    case 'last':
      return { type: 'any' };
    case 'once':
      return { type: 'any', ephemeral: true };
    case 'append':
      return { type: 'array', reducer: 'append', default: [] };
    case 'messages':
      return { type: 'array', reducer: 'add_messages', default: [] };
    case 'add':
      return { type: 'number', reducer: 'add', default: 0 };
    case 'min':
    case 'max':
      return { type: 'number', reducer: channel };
    case 'merge':
      return { type: 'object', reducer: 'merge' };
  }
}

type Within = { graph: Graph; place: Place };

function nodesOf(name: string, node: Node, { graph, place }: Within): [string, WorkflowNode][] {
  const barrier = edgesOf(graph).find(({ from, to }) => to === name && from.length > 1);
  const needs = barrier && { needs: barrier.from.map((from) => lastOf(from, graph)) };
  if (node.kind === 'work')
    return workNodes(name, node, { graph, place }).map(([key, one]) => [
      key,
      key === name ? { ...one, ...needs } : one,
    ]);
  if (node.kind === 'child') {
    const input = Object.fromEntries(node.takes.map((key) => [key, `\${state.${key}}`]));
    const outputMapping = Object.fromEntries(node.gives.map((key) => [key, key]));
    return [[name, { type: 'subgraph', workflow: place.children.get(name) ?? '', input, outputMapping, ...needs }]];
  }
  return node.questions.map(({ question, into }, n): [string, WorkflowNode] => [
    questionName(name, node.questions.length, n),
    { type: 'interrupt', message: question, output: into, ...(n === 0 && needs) },
  ]);
}

function workNodes(
  name: string,
  node: Extract<Node, { kind: 'work' }>,
  { graph, place }: Within,
): [string, WorkflowNode][] {
  const { attempts, defer, timeoutMs, cached, rescue } = node;
  const isSent = (graph.fans ?? []).some(({ to }) => to === name);
  const call = (of: string) => ({ case: place.id, node: of, state: isSent ? '${item}' : '${state}' });
  const task: WorkflowNode = {
    type: 'task',
    uses: `handler:${HANDLER}`,
    with: call(name),
    ...(attempts !== undefined && { retry: { maxAttempts: attempts, initialMs: 1 } }),
    ...(defer && { defer }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(cached && { cache: { ttlMs: 600_000 } }),
    ...(rescue && { onFailure: { goto: rescueName(name) } }),
  };
  const own: [string, WorkflowNode] = [name, task];
  return rescue
    ? [own, [rescueName(name), { type: 'task', uses: `handler:${HANDLER}`, with: call(rescueName(name)) }]]
    : [own];
}

export function rescueName(name: string): string {
  return `${name} rescue`;
}

export function questionName(name: string, count: number, n: number): string {
  return count === 1 ? name : `${name} ${n + 1}`;
}

export function sendName(from: string, to: string): string {
  return `${from} to ${to}`;
}

/** A route for each choice; it runs on the way to the next superstep. What gotos may name needs a way, too: one that is never taken. */
function waysOf(name: string, graph: Graph): [string, WorkflowNode][] {
  const node = graph.nodes[name];
  const goes = node?.kind === 'work' ? (node.goes ?? []) : [];
  const choices = choicesOf(graph, name).map((on, n): [string, WorkflowNode] => [
    `${name} way ${n}`,
    { type: 'route', on, routes: routesTo(literalsOf(on), graph) },
  ]);
  const targets = goes.filter((to) => to !== 'END');
  if (targets.length === 0) return choices;
  return [...choices, [`${name} goes`, { type: 'route', on: "'END'", routes: routesTo([...targets, 'END'], graph) }]];
}

function literalsOf(cel: string): string[] {
  return Array.from(cel.matchAll(/'([^']+)'/g), ([, text = '']) => text);
}

function routesTo(names: readonly string[], graph: Graph): Record<string, string> {
  const known = names.filter((name) => name === 'END' || name in graph.nodes);
  return Object.fromEntries(known.map((name) => [name, firstOf(name, graph)]));
}

function edgePairs(graph: Graph, begins: boolean): EdgePair[] {
  const singles = edgesOf(graph).filter(({ from }) => from.length === 1);
  const written = singles.map(({ from: [from = ''], to }): EdgePair => {
    const start = begins ? BEGIN : '__start__';
    return [from === 'START' ? start : lastOf(from, graph), firstOf(to, graph)];
  });
  const inner = Object.entries(graph.nodes).flatMap(([name, node]) => questionPairs(name, node));
  const ways = Object.keys(graph.nodes).flatMap((name) =>
    waysOf(name, graph).map(([way]): EdgePair => [lastOf(name, graph), way]),
  );
  const fans = (graph.fans ?? []).map(({ from, to }): EdgePair => [lastOf(from, graph), sendName(from, to)]);
  return [...(begins ? [['__start__', BEGIN] satisfies EdgePair] : []), ...written, ...inner, ...ways, ...fans];
}

function questionPairs(name: string, node: Node): EdgePair[] {
  if (node.kind !== 'ask') return [];
  const { length } = node.questions;
  return node.questions
    .slice(1)
    .map((_, n): EdgePair => [questionName(name, length, n), questionName(name, length, n + 1)]);
}

/** Where an edge to the node leads. */
function firstOf(name: string, { nodes }: Graph): string {
  const node = nodes[name];
  if (name === 'END') return '__end__';
  return node?.kind === 'ask' ? questionName(name, node.questions.length, 0) : name;
}

/** Where an edge of the node begins. */
function lastOf(name: string, { nodes }: Graph): string {
  const node = nodes[name];
  return node?.kind === 'ask' ? questionName(name, node.questions.length, node.questions.length - 1) : name;
}
