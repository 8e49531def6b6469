/** Does a case on LangGraph, with its checkpoints in memory. */
import { Command } from '@langchain/langgraph';
import type { Compiled, Config, Snapshot } from '@langchain/langgraph';
import type { Json, JsonObject } from '@weft/contract';

import type { Action, Case, Seen } from '../case.ts';
import type { Graph } from '../graph.ts';
import { build, toPeer } from './build.ts';
import { Calls } from './calls.ts';
import { endOf, failureOf } from './endings.ts';
import { readHistory } from './history.ts';
import { plainState } from './plain.ts';

type Question = { id: string; value: unknown };
type Running = {
  graph: Graph;
  compiled: Compiled;
  calls: Calls;
  seen: Seen;
  config: Config;
  /** What the newest stream asked. */
  asked: Question[];
};
type Told = { interrupts: Question[] };

export async function runOnLangGraph({ graph, input = {}, does = [], listens }: Case): Promise<Seen> {
  const seen: Seen = { ends: [], state: {}, supersteps: [], values: [], heard: [], calls: {} };
  const calls = new Calls();
  const config: Config = {
    configurable: { thread_id: 'one' },
    streamMode: ['tasks', ...(listens ? [listens] : [])],
    recursionLimit: graph.maxSupersteps ?? 25,
  };
  let compiled: Compiled;
  try {
    compiled = build(graph, calls);
  } catch (error) {
    return { ...seen, ends: [`refused ${failureOf(error)}`] };
  }
  const running: Running = { graph, compiled, calls, seen, config, asked: [] };
  await follow(running, toPeer(input, graph));
  for (const action of does) await carryOut(running, action);
  const history = await Array.fromAsync(compiled.getStateHistory(config));
  return { ...seen, ...readHistory(history, graph, calls), calls: Object.fromEntries(calls.counts) };
}

/** Streams until the graph is at rest. */
async function follow(running: Running, input: unknown, at = running.config): Promise<void> {
  const { graph, compiled, seen, config } = running;
  running.asked = [];
  try {
    for await (const [mode, chunk] of await compiled.stream(input, at)) {
      if (mode === 'tasks') running.asked.push(...(chunk as Told).interrupts);
      else seen.heard.push(heardOf(mode, chunk as Record<string, unknown>, graph));
    }
    seen.ends.push(endOf(await compiled.getState(config), running.asked, graph));
  } catch (error) {
    seen.ends.push(`failed ${failureOf(error)}`);
  }
}

/** A question is told in both modes, under a key of its own. */
function heardOf(mode: string, chunk: Record<string, unknown>, graph: Graph): Json {
  const { __interrupt__: asked, ...rest } = chunk;
  if (Array.isArray(asked)) return { asks: (asked as Question[]).map(({ value }) => value as Json) };
  return mode === 'values' ? plainState(graph, rest) : (rest as Json);
}

async function carryOut(running: Running, action: Action): Promise<void> {
  const { compiled, config, graph } = running;
  switch (action.do) {
    case 'answer': {
      const resume = answersById(running.asked, action);
      return follow(running, new Command({ ...updateOf(action.update, graph), resume }));
    }
    case 'answerBarely':
      return follow(running, new Command({ resume: action.answer }));
    case 'goOn':
    case 'retry':
      return follow(running, null);
    case 'write':
      return write(running, action);
    case 'replay': {
      const { config: at } = await checkpointBefore(running, action.before);
      return follow(running, null, { ...config, ...at });
    }
    case 'fork': {
      const { config: at } = await checkpointBefore(running, action.before);
      const forked = await compiled.updateState({ ...config, ...at }, toPeer(action.update, graph), action.as);
      return follow(running, null, { ...config, ...forked });
    }
  }
}

async function write({ compiled, config, graph, seen }: Running, { update, as }: Extract<Action, { do: 'write' }>) {
  try {
    await compiled.updateState(config, toPeer(update, graph), as);
    seen.ends.push('written');
  } catch (error) {
    seen.ends.push(`refused ${failureOf(error)}`);
  }
}

function updateOf(update: JsonObject | undefined, graph: Graph): { update?: object } {
  return update === undefined ? {} : { update: toPeer(update, graph) };
}

/** All questions of one task have the same id. */
function answersById(asked: readonly Question[], { answers }: { answers: Record<string, Json> }): Record<string, Json> {
  const entries = Object.entries(answers).map(([question, answer]) => {
    const found = asked.find(({ value }) => value === question);
    if (!found) throw new Error(`LangGraph does not ask ${question}`);
    return [found.id, answer] as const;
  });
  return Object.fromEntries(entries);
}

/** The newest checkpoint after which this node was to run. */
async function checkpointBefore({ compiled, config }: Running, node: string): Promise<Snapshot> {
  for await (const snapshot of compiled.getStateHistory(config)) if (snapshot.next.includes(node)) return snapshot;
  throw new Error(`${node} was never about to run`);
}
