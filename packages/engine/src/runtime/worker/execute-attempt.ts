/** One attempt of one task, from its rendered input to its outcome. */
import { cacheKey } from '../../domain/cache-key.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import { ArtifactError } from '../../ports/index.ts';
import type { Executor, InputMaterial } from '../../ports/index.ts';
import { loadKept } from '../artifacts/keep-output.ts';
import { stoppedOutcome, watchTimeout } from './attempt-time.ts';
import type { RunningCall, Work } from './call-executor.ts';
import { callWithinBudget } from './call-within-budget.ts';
import type { BudgetDeps } from './call-within-budget.ts';
import { artifactFailure, failed } from './failed.ts';
import { renderInput } from './render-input.ts';
import type { SharedResults } from './shared-results.ts';

export type Attempt = RunningCall & { material: InputMaterial };

export type ExecuteDeps = BudgetDeps & {
  executors: ReadonlyMap<string, Executor>;
  /** The version of executors that have none of their own. */
  version: string;
  shared: SharedResults;
};

/** Runs the attempt. Null: it was stopped for a reason that makes its outcome worthless. Never throws. */
export async function executeAttempt(deps: ExecuteDeps, attempt: Attempt): Promise<Outcome | null> {
  const { node, stop } = attempt;
  const executor = deps.executors.get(node.uses ?? '');
  if (!executor) return failed('unknown_executor', `this worker has no executor ${node.uses}`);
  const input = await inputOf(deps, attempt);
  if (input.kind === 'failed') return input;
  const work = { attempt, executor, input: input.value, secretPaths: input.secretPaths };
  attempt.voice.start(input.value);
  const endWatch = watchTimeout(deps.clock, node, stop);
  try {
    if (node.cacheTtlMs === null) return await callWithinBudget(deps, work);
    return await callOnce(deps, work, node.cacheTtlMs);
  } finally {
    endWatch();
  }
}

async function inputOf({ files }: ExecuteDeps, attempt: Attempt): Promise<ReturnType<typeof renderInput>> {
  const { message, stop } = attempt;
  const { workflow, runId, taskId, node } = message;
  try {
    const place = { tenant: workflow.tenant, runId, taskId, node, signal: stop.signal };
    return renderInput({ ...attempt, material: await loadKept(files, attempt.material, place) });
  } catch (error) {
    if (error instanceof ArtifactError) return artifactFailure(error);
    throw error;
  }
}

/** The result of an equal call, if there is or will be one. What stops the attempt ends its wait, too. */
async function callOnce(deps: ExecuteDeps, work: Work, ttlMs: number): Promise<Outcome | null> {
  const { executor, input, secretPaths } = work;
  const { node, stop, message } = work.attempt;
  const { type: uses, version = deps.version } = executor;
  const outcome = await deps.shared.take({
    tenant: message.workflow.tenant,
    key: cacheKey({ uses, version, input, secretPaths }),
    ttlMs,
    signal: stop.signal,
    run: async () => (stop.signal.aborted ? stoppedOutcome(stop.signal, node) : callWithinBudget(deps, work)),
  });
  return outcome === 'aborted' ? stoppedOutcome(stop.signal, node) : outcome;
}
