/** How a run ends: when nothing is left to do (rule B8), or early. */
import type { Json, JsonObject, TaskError } from '@weft/contract';

import { closeChildren, tellParent } from './children.ts';
import { expressionFailure, NO_BODY, requireWhole, resultsOf } from './task-scope.ts';
import { noReads } from './reads.ts';
import type { WorkingRun } from './working-run.ts';

/** Ends the run early. Tasks that are still live are cancelled with it; their rows follow by mail (rule A13). */
export function failRun(run: WorkingRun, error: TaskError): void {
  const leftovers = hasWork(run);
  closeChildren(run);
  run.openStep('run_ended');
  close(run, error);
  dropWork(run, leftovers);
}

/** Cancels the run in one step: the epoch rises, so that every later outcome is refused (rule A13). */
export function cancelRun(run: WorkingRun, reason: string): void {
  const error: TaskError = { code: 'cancelled', message: reason, retryable: false };
  const leftovers = hasWork(run);
  closeChildren(run);
  run.openStep('cancelled');
  run.changeRun({ status: 'cancelled', epoch: run.head.epoch + 1, error });
  run.ending = { error };
  tellEnd(run, error, null);
  dropWork(run, leftovers);
}

/** Ends the run if nothing is left to do; while nothing but questions is left, it is interrupted (rule B8). */
export function endWhenQuiet(run: WorkingRun): void {
  const { live, asking, status } = run.head;
  if (run.hasEnded) return;
  if (live + asking > 0) {
    const next = live > 0 ? 'running' : 'interrupted';
    if (next === status || run.steps.length === 0) return;
    run.changeRun({ status: next });
    tellParent(run, live > 0 ? 'child_runs' : 'child_asks');
    return;
  }
  run.openStep('run_ended');
  close(run, whatWentWrong(run) ?? renderOutput(run));
}

function whatWentWrong({ head, graph }: WorkingRun): TaskError | null {
  // In superstep mode a barrier that is not full when nothing is triggered any more is simply left.
  if (head.openJoins > 0 && !graph.superstep) {
    const message = `joins that wait for edges that can no longer end: ${head.openJoins}`;
    return { code: 'deadlock', message, retryable: false };
  }
  if (head.failed === 0) return null;
  return { code: 'tasks_failed', message: `tasks that have failed: ${head.failed}`, retryable: false };
}

/**
 * Without an output template the output is read from the final tasks and stored nowhere, unless a parent waits for it. It is
 * rendered within the last step, when the ephemeral updates of the step before are gone.
 */
function renderOutput(run: WorkingRun): TaskError | null {
  const { output, outputReads } = run.graph;
  if (!output) {
    if (run.head.parent) run.ending = { error: null, output: finalOutput(run) };
    return null;
  }
  const iterations = run.latestOf(outputReads.results);
  const tasks = new Set(outputReads.results.map((name) => `${name}#${iterations?.[name] ?? 0}`));
  run.expect({ ...noReads(), tasks, channels: new Set(outputReads.state), body: outputReads.body });
  const { input, config } = outputReads.body ? run.body() : NO_BODY;
  const state = run.state.capture(outputReads.state) ?? {};
  const nodes = resultsOf(run, outputReads.results, { readsAt: run.head.step, iterations });
  try {
    requireWhole(nodes, output.references);
    run.ending = { error: null, output: output.render({ input, config, nodes, state }) };
    return null;
  } catch (error) {
    return expressionFailure(error);
  }
}

function close(run: WorkingRun, error: TaskError | null): void {
  if (error) {
    run.changeRun({ status: 'failed', error });
    run.ending = { error };
    tellEnd(run, error, null);
    return;
  }
  run.changeRun({ status: 'succeeded' });
  run.ending ??= { error: null };
  tellEnd(run, null, run.ending.output ?? null);
}

function hasWork({ head, graph }: WorkingRun): boolean {
  return head.live + head.asking > 0 || graph.hasWaits;
}

/** What the final nodes gave: the output of the only one, or an object of those that have succeeded. */
function finalOutput(run: WorkingRun): Json {
  const names = run.graph.finals;
  run.expect({ ...noReads(), tasks: new Set(names.map((name) => run.keyOf(name))) });
  const outputs = new Map<string, Json>();
  for (const name of names) {
    const task = run.task(run.keyOf(name));
    if (task?.status === 'succeeded') outputs.set(name, run.outputOf(task));
  }
  return outputOfFinals(names, outputs);
}

/** The output of a run without a template, from those of its final nodes that have succeeded. */
export function outputOfFinals(finals: readonly string[], outputs: ReadonlyMap<string, Json>): Json {
  const [only] = finals;
  if (only !== undefined && finals.length === 1) return outputs.get(only) ?? null;
  return Object.fromEntries(finals.flatMap((name) => (outputs.has(name) ? [[name, outputs.get(name) ?? null]] : [])));
}

function tellEnd(run: WorkingRun, error: TaskError | null, output: Json): void {
  if (run.head.parent)
    tellParent(run, 'child_ended', { status: run.head.status, output, error: error as JsonObject | null });
}

/** What a decision was about to hand out to workers is not handed out once the run has ended. */
function dropWork(run: WorkingRun, leftovers: boolean): void {
  run.ready.clear();
  run.timersSet.clear();
  if (leftovers) run.sentMail.push({ to: null, kind: 'close', payload: {}, dedupeKey: null });
}
