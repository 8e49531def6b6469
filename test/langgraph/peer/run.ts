/** Does a case on LangGraph, with its checkpoints in memory. */
import { Command } from '@langchain/langgraph';
import type { Compiled, Config, Snapshot } from '@langchain/langgraph';
import type { Json, JsonObject } from '@weft/contract';

import { sortStep } from '../case.ts';
import type { Action, Case, Seen } from '../case.ts';
import type { Graph } from '../graph.ts';
import { build, toPeer } from './build.ts';
import { Calls } from './calls.ts';
import { endOf, failureOf } from './endings.ts';
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
type Told = { id: string; name: string; interrupts: Question[] };
type Checkpoint = { metadata: { source: string; step: number }; values: unknown };

export async function runOnLangGraph({ graph, input = {}, does = [], listens }: Case): Promise<Seen> {
  const seen: Seen = { ends: [], state: {}, supersteps: [], values: [], heard: [], calls: {} };
  const calls = new Calls();
  const config: Config = {
    configurable: { thread_id: 'one' },
    streamMode: ['tasks', 'checkpoints', ...(listens ? [listens] : [])],
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
  seen.calls = Object.fromEntries(calls.counts);
  return seen;
}

/** Streams until the graph is at rest, and keeps what it tells. The state is that of the last checkpoint. */
async function follow(running: Running, input: unknown, at = running.config): Promise<void> {
  const { graph, compiled, seen, config } = running;
  const begun = new Map<string, string>();
  running.asked = [];
  const keep = (mode: string, chunk: unknown): void => {
    if (mode === 'checkpoints') return keepCheckpoint(running, begun, chunk as Checkpoint);
    if (mode !== 'tasks') {
      seen.heard.push(heardOf(mode, chunk as Record<string, unknown>, graph));
      return;
    }
    const { id, name, interrupts } = chunk as Told;
    begun.set(id, name);
    running.asked.push(...interrupts);
  };
  try {
    for await (const [mode, chunk] of await compiled.stream(input, at)) keep(mode, chunk);
    const end = await compiled.getState(config);
    // A stop after a node is told before its checkpoint is.
    if (running.asked.length === 0) keepSuperstep(running, begun, end.values);
    seen.ends.push(endOf(end, running.asked, graph));
  } catch (error) {
    const code = failureOf(error);
    // The last checkpoint within the bound is stored and not told.
    if (code === 'max_steps') keepSuperstep(running, begun, (await compiled.getState(config)).values);
    seen.ends.push(`failed ${code}`);
  }
}

/** A question is told in both modes, under a key of its own. */
function heardOf(mode: string, chunk: Record<string, unknown>, graph: Graph): Json {
  const { __interrupt__: asked, ...rest } = chunk;
  if (Array.isArray(asked)) return { asks: (asked as Question[]).map(({ value }) => value as Json) };
  return mode === 'values' ? plainState(graph, rest) : (rest as Json);
}

function keepCheckpoint(running: Running, begun: Map<string, string>, { metadata, values }: Checkpoint): void {
  running.seen.state = plainState(running.graph, values);
  // The first checkpoint that is told after a pause is the one before it.
  if (metadata.source === 'loop') keepSuperstep(running, begun, values);
}

function keepSuperstep({ graph, calls, seen }: Running, begun: Map<string, string>, values: unknown): void {
  const told = Array.from(begun).filter(([, name]) => !name.startsWith('__'));
  begun.clear();
  if (told.length === 0) return;
  seen.state = plainState(graph, values);
  seen.supersteps.push(sortStep(told.map(([id, name]) => [name, calls.updateOf(id)])));
  seen.values.push(seen.state);
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
    seen.state = plainState(graph, (await compiled.getState(config)).values);
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
