/** How a run ends: when nothing is left to do (rule B8), or early. */
import type { TaskError } from '@weft/contract';

import { expressionFailure } from './flow.ts';
import { TERMINAL_RUN } from './records.ts';
import type { WorkingRun } from './working-run.ts';

/** Ends the run. Tasks that are still live are cancelled with it; their rows follow by mail, in windows (rule A13). */
export function endRun(run: WorkingRun, end: { status: 'succeeded' | 'failed'; error: TaskError | null }): void {
  const { status, error } = end;
  const leftovers = run.head.live > 0;
  run.openStep('run_ended');
  run.changeRun({ status, ...(error && { error }) });
  run.ending = { ...run.ending, error };
  dropWork(run, leftovers);
}

export function cancelRun(run: WorkingRun, reason: string): void {
  const error = { code: 'cancelled', message: reason, retryable: false };
  const leftovers = run.head.live > 0;
  run.openStep('cancelled');
  run.changeRun({ status: 'cancelled', epoch: run.head.epoch + 1, error });
  run.ending = { error };
  dropWork(run, leftovers);
}

/** Ends the run if nothing is left to do. */
export function endWhenQuiet(run: WorkingRun): void {
  const { head } = run;
  if (TERMINAL_RUN.has(head.status) || head.live > 0 || run.inline.length > 0) return;
  if (head.openJoins > 0) {
    const message = `${head.openJoins} joins wait for edges that can no longer end`;
    endRun(run, { status: 'failed', error: { code: 'deadlock', message, retryable: false } });
    return;
  }
  if (head.failed > 0) {
    const message = `${head.failed} tasks have failed`;
    endRun(run, { status: 'failed', error: { code: 'tasks_failed', message, retryable: false } });
    return;
  }
  const failure = renderOutput(run);
  endRun(run, { status: failure ? 'failed' : 'succeeded', error: failure });
}

/** Without an output template the output is read from the final tasks and stored nowhere. */
function renderOutput(run: WorkingRun): TaskError | null {
  const { output, outputReads } = run.graph;
  if (!output) return null;
  const { input, config } = run.body();
  const results = outputReads.results.map((name) => [name, run.result(name, run.head.step)] as const);
  const nodes = Object.fromEntries(results.flatMap(([name, result]) => (result ? [[name, result] as const] : [])));
  const state = run.capture(outputReads.state) ?? {};
  try {
    run.ending = { error: null, output: output.render({ input, config, nodes, state }) };
    return null;
  } catch (error) {
    return expressionFailure(error);
  }
}

/** What a decision was about to hand out is not handed out once the run has ended. */
function dropWork(run: WorkingRun, leftovers: boolean): void {
  run.ready.clear();
  run.inline.length = 0;
  run.timersSet.length = 0;
  if (leftovers) run.sentMail.push({ kind: 'close', payload: {} });
}
