/** Makes a graph of LangGraph out of one of the suite. */
import { RemoveMessage } from '@langchain/core/messages';
import { Annotation, Command, END, interrupt, MemorySaver, messagesStateReducer } from '@langchain/langgraph';
import { Send, START, StateGraph } from '@langchain/langgraph';
import type { Compiled, Config, NodeFunction } from '@langchain/langgraph';
import { EphemeralValue } from '@langchain/langgraph/channels';
import { InMemoryCache } from '@langchain/langgraph-checkpoint';
import type { Json, JsonObject, Reducer } from '@weft/contract';
import { applyWrite, compileCondition, defaultOf } from '@weft/engine/domain';
import type { Condition } from '@weft/engine/domain';

import { choicesOf, edgesOf, isOverwrite } from '../graph.ts';
import type { Channel, ChildNode, Graph, Result, State, Work, WorkNode } from '../graph.ts';
import type { Calls } from './calls.ts';
import { plainState } from './plain.ts';

const NAMES: Readonly<Record<string, string>> = { START, END };

export function build(graph: Graph, calls: Calls, isRoot = true): Compiled {
  const channels = Object.entries(graph.channels).map(([key, channel]) => [key, channelOf(channel)]);
  const built = new StateGraph(Annotation.Root(Object.fromEntries(channels)));
  for (const [name, node] of Object.entries(graph.nodes)) {
    if (node.kind === 'work') built.addNode(name, workOf(name, node, { graph, calls }), optionsOf(node, graph));
    else if (node.kind === 'child') built.addNode(name, childOf(name, node, { graph, calls }));
    else built.addNode(name, askOf(name, node.questions, calls));
  }
  for (const { from, to } of edgesOf(graph)) {
    const names = from.map(nameOf);
    built.addEdge(names.length === 1 ? (names[0] ?? '') : names, nameOf(to));
  }
  const choosing = new Set([...Object.keys(graph.choices ?? {}), ...(graph.fans ?? []).map(({ from }) => from)]);
  for (const from of choosing) built.addConditionalEdges(nameOf(from), chooserOf(from, graph));
  return built.compile({
    checkpointer: isRoot ? new MemorySaver() : undefined,
    cache: new InMemoryCache(),
    interruptBefore: graph.stopBefore ?? [],
    interruptAfter: graph.stopAfter ?? [],
  });
}

/** One function for all that follows a node by choice; LangGraph takes several only if they have names. */
function chooserOf(from: string, graph: Graph): (state: Record<string, unknown>) => unknown[] {
  const fans = (graph.fans ?? []).filter((fan) => fan.from === from);
  const choices = choicesOf(graph, from).map(compileCondition);
  return (state) => [
    ...choices.map((choice) => choose(choice, plainState(graph, state))),
    ...fans.flatMap(({ items, to }) => listOf(state[items]).map((item) => new Send(to, item))),
  ];
}

function choose(choice: Condition, state: State): string {
  return nameOf(choice.evaluate({ state, input: {}, config: {}, nodes: {} }) as string);
}

/** The values of the state as LangGraph takes them. */
export function toPeer(update: JsonObject, { channels }: Graph): Record<string, unknown> {
  const entries = Object.entries(update).map(([key, value]) => {
    if (isOverwrite(value)) return [key, { __overwrite__: value.overwrite }];
    return [key, channels[key] === 'messages' ? [value].flat().map(messageOf) : value];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function messageOf(message: Json): unknown {
  const { id, remove } = message as { id: string; remove?: boolean };
  return remove === true ? new RemoveMessage({ id }) : message;
}

function channelOf(channel: Channel): unknown {
  if (channel === 'last') return Annotation();
  if (channel === 'once') return () => new EphemeralValue();
  if (channel === 'messages') return Annotation({ reducer: messagesStateReducer, default: () => [] });
  return Annotation({
    reducer: (old: Json, update: Json) => applyWrite(channel, old, update),
    default: () => beginningOf(channel),
  });
}

function beginningOf(reducer: Reducer): Json {
  if (reducer === 'append') return [];
  return reducer === 'add' ? 0 : (defaultOf({ type: 'any', reducer }) ?? null);
}

type Place = { graph: Graph; calls: Calls };

function workOf(name: string, { work }: WorkNode, { graph, calls }: Place): NodeFunction {
  return async (input, config) => {
    const result = await call(name, work, { input: plainState(graph, input), config, calls });
    if (typeof result !== 'object') return result;
    calls.finished(config, result.update ?? {});
    return answerOf(result, graph);
  };
}

function optionsOf({ attempts, defer, goes, timeoutMs, cached, rescue }: WorkNode, graph: Graph): object {
  return {
    ...(attempts !== undefined && {
      retryPolicy: { maxAttempts: attempts, initialInterval: 1, jitter: false, logWarning: false },
    }),
    ...(defer && { defer }),
    ...(goes && { ends: goes.map(nameOf) }),
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    ...(cached && { cachePolicy: true }),
    ...(rescue && {
      errorHandler: async (input: Record<string, unknown>) =>
        answerOf(await rescue(plainState(graph, input), { time: 1, signal: new AbortController().signal }), graph),
    }),
  };
}

type Calling = { input: State; config: Config; calls: Calls };

async function call(name: string, work: Work, { input, config, calls }: Calling): Promise<Result> {
  return work(input, { time: calls.began(name), signal: config.signal ?? new AbortController().signal });
}

function answerOf({ update, goto }: Result, graph: Graph): unknown {
  const values = update && toPeer(update, graph);
  return goto ? new Command({ ...(values && { update: values }), goto: goto.map(nameOf) }) : (values ?? {});
}

function askOf(name: string, questions: { question: string; into: string }[], calls: Calls): NodeFunction {
  return (_, config) => {
    calls.began(name);
    const update = Object.fromEntries(questions.map(({ question, into }) => [into, interrupt(question) as Json]));
    calls.finished(config, update);
    return update;
  };
}

function childOf(name: string, { graph, takes, gives }: ChildNode, { calls, ...parent }: Place): NodeFunction {
  const child = build(graph, calls, false);
  return async (state, config) => {
    calls.began(name);
    const input = plainState(parent.graph, state);
    const taken = Object.fromEntries(takes.map((key) => [key, input[key] ?? null]));
    const end = plainState(graph, await child.invoke(taken, config));
    const update = Object.fromEntries(gives.map((key) => [key, end[key] ?? null]));
    calls.finished(config, update);
    return update;
  };
}

function nameOf(name: string): string {
  return NAMES[name] ?? name;
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}
