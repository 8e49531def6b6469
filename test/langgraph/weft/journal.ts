/** What the journal of a run says, in the words of the suite. */
import type { JsonObject } from '@weft/contract';
import { viewCheckpoint } from '@weft/engine/runtime';
import type { TaskView } from '@weft/engine/ports';
import type { Rig } from '@weft/testkit';

import { sortStep } from '../case.ts';
import type { Seen } from '../case.ts';
import type { Graph } from '../graph.ts';
import { questionName, rescueName, sendName } from './document.ts';
import type { Functions } from './functions.ts';

type Reading = { runId: string; graph: Graph; functions: Functions };

export async function readJournal(rig: Rig, reading: Reading): Promise<Pick<Seen, 'supersteps' | 'values' | 'calls'>> {
  const { runId, graph, functions } = reading;
  const steps = await rig.store.reader.steps(runId, { afterStep: 0, limit: 100_000 });
  const tasks = await rig.tasks(runId);
  const known = namesOf(graph);
  const supersteps: Seen['supersteps'] = [];
  const values: JsonObject[] = [];
  let settled = new Map<string, string>();
  for (const { step, type, facts } of steps) {
    for (const { key, status } of facts.tasks ?? []) {
      const name = nameIn(key);
      if (known.has(name) && (status === 'succeeded' || status === 'failed')) settled.set(key, name);
    }
    if (type === 'replayed' || type === 'reopened') settled = new Map();
    if (type !== 'superstep' || settled.size === 0) continue;
    const state = await stateAt(rig, runId, step);
    const updates = Array.from(settled, ([key, name]): [string, JsonObject] => [
      name,
      graph.nodes[name]?.kind === 'work' ? updateOf(tasks[key], reading) : written(name, state, graph),
    ]);
    supersteps.push(sortStep(updates));
    values.push(state);
    settled = new Map();
  }
  const others = Object.values(tasks).filter(({ node }) => known.get(node) === 'row');
  const rows = Map.groupBy(others, ({ node }) => node);
  const calls = [...functions.calls, ...Array.from(rows, ([node, all]) => [node, all.length] as const)];
  return { supersteps, values, calls: Object.fromEntries(calls) };
}

/** The newest step that has armed this node: a barrier, or a route behind it. Items are armed with their send. */
export async function stepBefore(
  rig: Rig,
  { runId, graph }: Omit<Reading, 'functions'>,
  node: string,
): Promise<number> {
  const steps = await rig.store.reader.steps(runId, { afterStep: 0, limit: 100_000 });
  const fan = graph.fans?.find(({ to }) => to === node);
  const name = fan ? sendName(fan.from, fan.to) : node;
  const armed = steps.findLast(({ key: own, facts }) =>
    facts.tasks?.some(
      ({ key, status }) => key !== own && nameIn(key) === name && (status === 'ready' || status === 'waiting'),
    ),
  );
  if (!armed) throw new Error(`${node} was never about to run`);
  return armed.step;
}

/** The nodes that the suite knows; of those without a function the rows are counted. */
function namesOf({ nodes }: Graph): Map<string, 'function' | 'row'> {
  const names = Object.entries(nodes).flatMap(([name, node]): [string, 'function' | 'row'][] => {
    if (node.kind === 'child') return [[name, 'row']];
    if (node.kind === 'ask') return node.questions.map((_, n) => [questionName(name, node.questions.length, n), 'row']);
    return [
      [name, 'function'],
      [rescueName(name), 'function'],
    ];
  });
  return new Map(names);
}

/** `a#0[1]/b#2` is a task of `b`. */
function nameIn(key: string): string {
  return key.split('/').at(-1)?.split('#')[0] ?? key;
}

function updateOf(task: TaskView | undefined, { functions }: Reading): JsonObject {
  return functions.updates.get(task?.id ?? '') ?? {};
}

/** What a question or a child writes are keys without a reducer, so the state tells it. */
function written(name: string, state: JsonObject, { nodes }: Graph): JsonObject {
  const asker = name.replace(/ \d+$/, '');
  const node = nodes[name] ?? nodes[asker];
  if (node?.kind === 'child') return Object.fromEntries(node.gives.map((key) => [key, state[key] ?? null]));
  if (node?.kind !== 'ask') return {};
  const { questions } = node;
  const asked = questions.find((_, n) => questionName(nodes[name] ? name : asker, questions.length, n) === name);
  return asked ? { [asked.into]: state[asked.into] ?? null } : {};
}

async function stateAt(rig: Rig, runId: string, step: number): Promise<JsonObject> {
  const { graphs } = rig.engine;
  const deps = { reader: rig.store.reader, loadGraph: graphs.load.bind(graphs) };
  const { state } = await viewCheckpoint(deps, { tenant: 'default', runId, step }, { limit: 1, skip: 0 });
  return state;
}
