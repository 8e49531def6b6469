/** One call of an executor, from its input to a clean outcome. */
import type { Json } from '@weft/contract';

import type { GraphNode } from '../../domain/graph/graph.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import { artifactFailure } from './failed.ts';
import { ArtifactError } from '../../ports/index.ts';
import type { CallBudget, Clock, Executor, ExecutorCall, Log, Secrets, TaskMessage } from '../../ports/index.ts';
import { callArtifacts } from '../artifacts/call-artifacts.ts';
import type { Artifacts } from '../artifacts/artifacts.ts';
import { stoppedOutcome, watchHeartbeat } from './attempt-time.ts';
import type { AttemptVoice } from './attempt-voice.ts';
import { checkedOutcome } from './checked-outcome.ts';
import { cleanOutcome } from './clean-outcome.ts';

/** How long an executor that was aborted may take to return; then its slot is taken back. */
const ABORT_GRACE_MS = 1000;

export type CallDeps = {
  files: Artifacts;
  secrets: Secrets;
  clock: Clock;
  log: Log;
};

export type RunningCall = {
  message: TaskMessage;
  node: GraphNode;
  /** Aborted with a StopReason. */
  stop: AbortController;
  /** What the attempt before has left. */
  memo: Json;
  /** By which it tells watchers what it does. */
  voice: AttemptVoice;
};

/** `secretPaths`: the JSON pointers of the secrets in the input. */
export type Work = {
  attempt: RunningCall;
  executor: Executor;
  input: Json;
  secretPaths: readonly string[];
  /** What it may spend; left out where nothing bounds it. */
  budget?: CallBudget;
};

/** Null: it was stopped for a reason that makes its outcome worthless. Never throws. */
export async function callExecutor(
  deps: CallDeps,
  { attempt, executor, input, secretPaths, budget }: Work,
): Promise<Outcome | null> {
  const { node, stop, message } = attempt;
  const { clock, secrets, log } = deps;
  const resolved = secrets.resolve(input, secretPaths);
  if (resolved.kind === 'failed') return resolved;
  attempt.voice.hide(resolved.secrets);
  const heartbeat = watchHeartbeat(clock, node, stop);
  const call = toCall(deps, {
    attempt,
    input: resolved.input,
    secrets: resolved.secrets,
    beat: heartbeat.beat,
    budget,
  });
  const outcome = await Promise.race([run(executor, call), stopped(clock, stop.signal)]);
  heartbeat.end();
  if (outcome === 'abandoned') {
    log.warn({ taskId: message.taskId, runId: message.runId, uses: node.uses }, 'an aborted executor did not return');
    return stoppedOutcome(stop.signal, node);
  }
  if (!isWanted(outcome, stop.signal)) return stoppedOutcome(stop.signal, node);
  return cleanOutcome(secrets.redactOutcome(outcome, resolved.secrets));
}

/** What succeeded counts although it was stopped, unless the attempt was revoked. */
function isWanted(outcome: Outcome, signal: AbortSignal): boolean {
  if (!signal.aborted) return true;
  return outcome.kind === 'succeeded' && signal.reason !== 'revoked';
}

type CallParts = {
  attempt: RunningCall;
  input: Json;
  secrets: string[];
  beat: () => void;
  budget: CallBudget | undefined;
};

function toCall(deps: CallDeps, { attempt, input, secrets, beat, budget }: CallParts): ExecutorCall {
  const { message, stop, voice } = attempt;
  const { runId, taskId, node } = message;
  return {
    input,
    runId,
    taskId,
    node,
    attempt: message.attempt,
    memo: attempt.memo,
    tenant: message.workflow.tenant,
    payer: message.payer ?? null,
    idempotencyKey: taskId,
    signal: stop.signal,
    ...(budget && { budget }),
    artifacts: callArtifacts(deps.files, { tenant: message.workflow.tenant, runId, taskId, signal: stop.signal }),
    log(level, text, fields) {
      deps.log[level](
        { runId, taskId, ...deps.secrets.redact(fields ?? {}, secrets) },
        deps.secrets.redact(text, secrets),
      );
    },
    heartbeat(progress) {
      beat();
      if (progress !== undefined) voice.progress(progress);
    },
    emit(data) {
      beat();
      voice.emit(data);
    },
    token(text, metadata) {
      beat();
      voice.token(text, metadata);
    },
  };
}

async function run(executor: Executor, call: ExecutorCall): Promise<Outcome> {
  try {
    return checkedOutcome(await executor.run(call));
  } catch (error) {
    if (error instanceof ArtifactError) return artifactFailure(error);
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', error: { code: 'executor_threw', message, retryable: true } };
  }
}

/** Resolves a grace after the signal has been aborted. */
function stopped(clock: Clock, signal: AbortSignal): Promise<'abandoned'> {
  const { promise, resolve } = Promise.withResolvers<'abandoned'>();
  const wait = () => void clock.after(ABORT_GRACE_MS, () => resolve('abandoned'));
  if (signal.aborted) wait();
  else signal.addEventListener('abort', wait, { once: true });
  return promise;
}
