/** How a run ends: when nothing is left to do (rule B8), or early. */
import type { TaskError } from '@weft/contract';

import { expressionFailure, resultsOf } from './flow.ts';
import { firstKey, noReads } from './reads.ts';
import type { WorkingRun } from './working-run.ts';

/** Ends the run early. Tasks that are still live are cancelled with it; their rows follow by mail (rule A13). */
export function failRun(run: WorkingRun, error: TaskError): void {
  const leftovers = run.head.live > 0;
  run.openStep('run_ended');
  close(run, error);
  dropWork(run, leftovers);
}

/** Cancels the run in one step: the epoch rises, so that every later outcome is refused (rule A13). */
export function cancelRun(run: WorkingRun, reason: string): void {
  const error: TaskError = { code: 'cancelled', message: reason, retryable: false };
  const leftovers = run.head.live > 0;
  run.openStep('cancelled');
  run.changeRun({ status: 'cancelled', epoch: run.head.epoch + 1, error });
  run.ending = { error };
  dropWork(run, leftovers);
}

/** Ends the run if nothing is left to do. */
export function endWhenQuiet(run: WorkingRun): void {
  if (run.hasEnded || run.head.live > 0) return;
  run.openStep('run_ended');
  close(run, whatWentWrong(run) ?? renderOutput(run));
}

function whatWentWrong({ head }: WorkingRun): TaskError | null {
  if (head.openJoins > 0) {
    const message = `joins that wait for edges that can no longer end: ${head.openJoins}`;
    return { code: 'deadlock', message, retryable: false };
  }
  if (head.failed === 0) return null;
  return { code: 'tasks_failed', message: `tasks that have failed: ${head.failed}`, retryable: false };
}

/**
 * Without an output template the output is read from the final tasks and stored nowhere. It is rendered within the last
 * step, when the ephemeral updates of the step before are gone.
 */
function renderOutput(run: WorkingRun): TaskError | null {
  const { output, outputReads } = run.graph;
  if (!output) return null;
  const tasks = new Set(outputReads.results.map(firstKey));
  run.expect({ ...noReads(), tasks, channels: new Set(outputReads.state), body: true });
  const { input, config } = run.body();
  const state = run.state.capture(outputReads.state) ?? {};
  const nodes = resultsOf(run, outputReads.results, run.head.step);
  try {
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
    return;
  }
  run.changeRun({ status: 'succeeded' });
  run.ending ??= { error: null };
}

/** What a decision was about to hand out to workers is not handed out once the run has ended. */
function dropWork(run: WorkingRun, leftovers: boolean): void {
  run.ready.clear();
  run.timersSet.clear();
  if (leftovers) run.sentMail.push({ to: null, kind: 'close', payload: {}, dedupeKey: null });
}
