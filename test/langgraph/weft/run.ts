/** Does a case on Weft: the real engine on a real database, with a worker in this process. */
import { AppError } from '@weft/contract';
import type { JsonObject, Run, WorkflowDocument } from '@weft/contract';
import { validateDocument } from '@weft/engine/domain';
import { viewRun } from '@weft/engine/runtime';
import type { Rig } from '@weft/testkit';
import { vi } from 'vitest';

import type { Action, Case, Seen } from '../case.ts';
import type { Graph } from '../graph.ts';
import { toDocument } from './document.ts';
import { register, toWeft } from './functions.ts';
import type { Functions } from './functions.ts';
import { readJournal, stepBefore } from './journal.ts';
import { listen } from './listen.ts';

const PATIENCE = { timeout: 20_000, interval: 5 };
const TENANT = 'default';

type Running = { rig: Rig; runId: string; graph: Graph; ends: string[] };

/** `id` is a name that no other case has. */
export async function runOnWeft(
  { graph, input = {}, does = [], listens }: Case,
  { rig, id }: { rig: Rig; id: string },
): Promise<Seen> {
  const functions = register(id, graph);
  const refused = await save(rig, graph, { id, input, functions });
  if (typeof refused === 'string')
    return { ends: [`refused ${refused}`], state: {}, supersteps: [], values: [], heard: [], calls: {} };
  const runId = await rig.start(refused, { input });
  const running: Running = { rig, runId, graph, ends: [] };
  running.ends.push(endOf(await atRest(running, 0)));
  for (const action of does) running.ends.push(await carryOut(running, action));
  const run = await look(running);
  const { supersteps, values, calls } = await readJournal(rig, { runId: run.id, graph, functions });
  return {
    ends: running.ends,
    state: wholeState(graph, run.state),
    supersteps,
    values: values.map((state) => wholeState(graph, state)),
    calls,
    heard: listens
      ? await listen(rig, run.id, { mode: listens, toStep: run.step, hasInput: Object.keys(input).length > 0 })
      : [],
  };
}

type Saving = { id: string; input: JsonObject; functions: Functions };

/** The document, or the code of the first error in it. Children are saved first. */
async function save(rig: Rig, graph: Graph, { id, input, functions }: Saving): Promise<WorkflowDocument | string> {
  const children = new Map<string, string>();
  for (const [name, node] of Object.entries(graph.nodes)) {
    if (node.kind !== 'child') continue;
    const child = `${id}-${name}`;
    register(child, node.graph, functions);
    const taken = Object.fromEntries(node.takes.map((key) => [key, null]));
    const document = await save(rig, node.graph, { id: child, input: taken, functions });
    if (typeof document === 'string') return document;
    await rig.engine.saveWorkflow({ tenant: TENANT, document });
    children.set(name, child);
  }
  const document = toDocument(graph, { id, input, children });
  const { issues } = validateDocument(document, { hasExecutor: () => true, maxNodes: 10_000 });
  return issues[0]?.code ?? document;
}

/** Ephemeral keys are no part of the state of a run. */
function wholeState({ channels }: Graph, state: JsonObject): JsonObject {
  return Object.fromEntries(Object.keys(channels).map((key) => [key, state[key] ?? null]));
}

async function look({ rig, runId }: Running): Promise<Run> {
  const { graphs } = rig.engine;
  const run = await viewRun({ reader: rig.store.reader, loadGraph: graphs.load.bind(graphs) }, TENANT, runId);
  if (!run) throw new Error(`there is no run ${runId}`);
  return run;
}

/** The run once it rests after this step, and asks none of what was answered. */
async function atRest(running: Running, afterStep: number, answered: readonly string[] = []): Promise<Run> {
  const rests = async (): Promise<Run | null> => {
    const run = await look(running);
    const isOpen = (run.interrupts ?? []).some(({ id }) => answered.includes(id));
    const isAtRest = run.status === 'interrupted' || run.endedAt !== null;
    return isAtRest && !isOpen && run.step > afterStep ? run : null;
  };
  return vi.waitUntil(rests, PATIENCE);
}

function endOf({ status, error, interrupts = [] }: Run): string {
  if (status === 'failed') return `failed ${error?.code}`;
  if (status !== 'interrupted') return status;
  const asked = interrupts.filter(({ at }) => at === 'node').map(({ message }) => message ?? '');
  return asked.length > 0 ? `asks ${asked.toSorted().join(', ')}` : 'stops';
}

async function carryOut(running: Running, action: Action): Promise<string> {
  const before = await look(running);
  const known = (before.interrupts ?? []).map(({ id, message }) => [message, id] as const);
  try {
    const answered = await act(running, action, new Map(known));
    return action.do === 'write' ? 'written' : endOf(await atRest(running, before.step, answered));
  } catch (error) {
    if (error instanceof AppError) return `refused ${error.code}`;
    throw error;
  }
}

/** Returns the questions that are answered by it. */
async function act(
  { rig, runId, graph }: Running,
  action: Action,
  questions: Map<string | null, string>,
): Promise<string[]> {
  const request = { tenant: TENANT, runId };
  switch (action.do) {
    case 'answer': {
      const answers = Object.entries(action.answers).map(
        ([message, answer]) => [questions.get(message) ?? '', answer] as const,
      );
      const stateUpdates = action.update ? toWeft(action.update) : null;
      await rig.engine.resumeRun({ ...request, answers: Object.fromEntries(answers), stateUpdates, by: null });
      return answers.map(([id]) => id);
    }
    case 'answerBarely':
    case 'goOn':
      await rig.engine.resumeRun({ ...request, answers: null, stateUpdates: null, by: null });
      return action.do === 'goOn' ? [...questions.values()] : [];
    case 'retry':
      await rig.engine.retryRun(request);
      return [];
    case 'write':
      await rig.engine.injectState({ ...request, updates: toWeft(action.update), afterNode: null });
      return [];
    case 'replay':
    case 'fork': {
      const step = await stepBefore(rig, { runId, graph }, action.before);
      const stateUpdates = action.do === 'fork' ? toWeft(action.update) : null;
      await rig.engine.replayRun({ ...request, step, stateOverrides: null, stateUpdates });
      return [...questions.values()];
    }
  }
}
