/** What the journal of a run says, in the words of the suite. */
import type { Json, JsonObject } from '@weft/contract';
import { viewCheckpoint } from '@weft/engine/runtime';
import type { TaskView } from '@weft/engine/ports';
import type { Rig } from '@weft/testkit';

import { sortStep } from '../case.ts';
import type { Seen } from '../case.ts';
import type { Graph } from '../graph.ts';
import { questionName, rescueName } from './document.ts';
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
    if (type !== 'superstep' || settled.size === 0) continue;
    const updates = Array.from(settled, ([key, name]): [string, JsonObject] => [
      name,
      updateOf(tasks[key], name, reading),
    ]);
    supersteps.push(sortStep(updates));
    values.push(await stateAt(rig, runId, step));
    settled = new Map();
  }
  const others = Object.values(tasks).filter(({ node }) => known.get(node) === 'row');
  const rows = Map.groupBy(others, ({ node }) => node);
  const calls = [...functions.calls, ...Array.from(rows, ([node, all]) => [node, all.length] as const)];
  return { supersteps, values, calls: Object.fromEntries(calls) };
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

function updateOf(task: TaskView | undefined, name: string, { graph, functions, runId }: Reading): JsonObject {
  if (!task) throw new Error(`${runId} has no task of ${name}`);
  const node = graph.nodes[name] ?? graph.nodes[name.replace(/ \d+$/, '')];
  if (node?.kind === 'ask') {
    const asked = node.questions.find(
      (_, n) => questionName(name.replace(/ \d+$/, ''), node.questions.length, n) === name,
    );
    return asked ? { [asked.into]: task.output } : {};
  }
  if (node?.kind !== 'child') return functions.updates.get(task.id) ?? {};
  return Object.fromEntries(node.gives.map((key) => [key, (task.output as Record<string, Json>)[key] ?? null]));
}

async function stateAt(rig: Rig, runId: string, step: number): Promise<JsonObject> {
  const { graphs } = rig.engine;
  const deps = { reader: rig.store.reader, loadGraph: graphs.load.bind(graphs) };
  const { state } = await viewCheckpoint(deps, { tenant: 'default', runId, step }, { limit: 1, skip: 0 });
  return state;
}
