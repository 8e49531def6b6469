/** One attempt of one task, from its rendered input to its outcome. */
import type { Json } from '@weft/contract';

import { ExpressionError } from '../../domain/expression/expression-error.ts';
import { ownerOf } from '../../domain/task-key.ts';
import type { GraphNode } from '../../domain/graph/graph.ts';
import { cleanJson } from '../../domain/outcome/clean.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import type { Clock, Executor, ExecutorCall, InputMaterial, Log, Secrets, TaskMessage } from '../../ports/index.ts';
import { checkedOutcome } from './checked-outcome.ts';

/** What an output may be: larger ones are refused, not cut (bytes of JSON text; levels). */
const OUTPUT_LIMITS = { maxBytes: 8 * 1024 * 1024, maxDepth: 200 };
const GOTO_LIMITS = { maxBytes: 256 * 1024, maxDepth: 1 };
const MAX_TARGETS = 100;
const DETAIL_LIMITS = { maxBytes: 16 * 1024, maxDepth: 20 };
/** How long an executor that was aborted may take to return; then its slot is taken back. */
const ABORT_GRACE_MS = 1000;

/** Why an attempt is stopped. After the last two its outcome is not wanted any more. */
export type StopReason = 'timeout' | 'heartbeat_timeout' | 'shutdown' | 'revoked';

export type Attempt = {
  message: TaskMessage;
  node: GraphNode;
  material: InputMaterial;
  /** Aborted with a StopReason. */
  stop: AbortController;
};

export type ExecuteDeps = {
  executors: ReadonlyMap<string, Executor>;
  secrets: Secrets;
  clock: Clock;
  log: Log;
  onProgress(message: TaskMessage, progress: Json): void;
};

/** Runs the attempt. Null: it was stopped for a reason that makes its outcome worthless. Never throws. */
export async function executeAttempt(deps: ExecuteDeps, attempt: Attempt): Promise<Outcome | null> {
  const { node, stop, message } = attempt;
  const executor = deps.executors.get(node.uses ?? '');
  if (!executor) return failed('unknown_executor', `this worker has no executor ${node.uses}`);
  const input = renderInput(attempt);
  if (input.kind === 'failed') return input;
  const resolved = deps.secrets.resolve(input.value, node.template?.secretPaths ?? []);
  if (resolved.kind === 'failed') return resolved;
  const watch = watchTime(deps.clock, node, stop);
  const call = toCall(deps, { attempt, input: resolved.input, secrets: resolved.secrets, beat: watch.beat });
  const outcome = await Promise.race([callExecutor(executor, call), stopped(deps.clock, stop.signal)]);
  watch.end();
  if (outcome === 'abandoned') {
    deps.log.warn(
      { taskId: message.taskId, runId: message.runId, uses: node.uses },
      'an aborted executor did not return',
    );
  }
  const reason = stop.signal.aborted ? (stop.signal.reason as StopReason) : null;
  if (reason === 'revoked') return null;
  if (outcome !== 'abandoned' && outcome.kind === 'succeeded') {
    return clean(deps.secrets.redactOutcome(outcome, resolved.secrets));
  }
  if (reason === 'shutdown') return null;
  if (reason !== null) return timeoutOutcome(reason, node);
  if (outcome === 'abandoned') return null;
  return clean(deps.secrets.redactOutcome(outcome, resolved.secrets));
}

function renderInput({
  node,
  material,
  message,
}: Attempt): { kind: 'rendered'; value: Json } | Extract<Outcome, { kind: 'failed' }> {
  const { input, config, captured, item, nodes } = material;
  const scope = { input, config, state: captured, nodes, ...(ownerOf(message.key) && { item }) };
  try {
    if (node.template === null) return { kind: 'rendered', value: {} };
    return { kind: 'rendered', value: node.template.render(scope) };
  } catch (error) {
    if (error instanceof ExpressionError) return failed(error.code, `with${error.pointer}: ${error.message}`);
    return failed('template_failed', String(error));
  }
}

type CallParts = { attempt: Attempt; input: Json; secrets: string[]; beat: () => void };

function toCall(deps: ExecuteDeps, { attempt, input, secrets, beat }: CallParts): ExecutorCall {
  const { message, stop } = attempt;
  const { runId, taskId, node } = message;
  return {
    input,
    runId,
    taskId,
    node,
    attempt: message.attempt,
    idempotencyKey: taskId,
    signal: stop.signal,
    log(level, text, fields) {
      deps.log[level](
        { runId, taskId, ...deps.secrets.redact(fields ?? {}, secrets) },
        deps.secrets.redact(text, secrets),
      );
    },
    heartbeat(progress) {
      beat();
      if (progress !== undefined) deps.onProgress(message, deps.secrets.redact(progress, secrets));
    },
  };
}

async function callExecutor(executor: Executor, call: ExecutorCall): Promise<Outcome> {
  try {
    return checkedOutcome(await executor.run(call));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', error: { code: 'executor_threw', message, retryable: true } };
  }
}

/** Start-to-close and heartbeat timeouts are kept by the worker that runs the attempt (rule A12). */
function watchTime(clock: Clock, node: GraphNode, stop: AbortController): { beat: () => void; end: () => void } {
  const cancelTimeout = clock.after(node.timeoutMs, () => stop.abort('timeout' satisfies StopReason));
  let cancelHeartbeat = () => {};
  function beat(): void {
    if (node.heartbeatMs === null) return;
    cancelHeartbeat();
    cancelHeartbeat = clock.after(node.heartbeatMs, () => stop.abort('heartbeat_timeout' satisfies StopReason));
  }
  beat();
  return {
    beat,
    end() {
      cancelTimeout();
      cancelHeartbeat();
    },
  };
}

/** Resolves a grace after the signal has been aborted. */
function stopped(clock: Clock, signal: AbortSignal): Promise<'abandoned'> {
  const { promise, resolve } = Promise.withResolvers<'abandoned'>();
  const wait = () => void clock.after(ABORT_GRACE_MS, () => resolve('abandoned'));
  if (signal.aborted) wait();
  else signal.addEventListener('abort', wait, { once: true });
  return promise;
}

function timeoutOutcome(reason: 'timeout' | 'heartbeat_timeout', node: GraphNode): Outcome {
  const message =
    reason === 'timeout'
      ? `the attempt did not end within ${node.timeoutMs} ms`
      : `the attempt was silent for ${node.heartbeatMs} ms`;
  return { kind: 'failed', error: { code: reason, message, retryable: true } };
}

/** What a store could not keep never reaches it (rule A11). */
function clean(outcome: Outcome): Outcome {
  if (outcome.kind === 'failed') return cleanFailure(outcome);
  const output = cleanJson(outcome.output, OUTPUT_LIMITS);
  if (!output.ok) return failed(output.code, `the output is refused: ${output.message}`);
  const { stateUpdates, goto, ...rest } = outcome;
  const cleaned: Succeeded = { ...rest, output: output.value };
  if (stateUpdates !== undefined) {
    const updates = cleanJson(stateUpdates, OUTPUT_LIMITS);
    if (!updates.ok) return failed(updates.code, `the state updates are refused: ${updates.message}`);
    cleaned.stateUpdates = updates.value as NonNullable<typeof stateUpdates>;
  }
  if (goto === undefined) return cleaned;
  const targets = cleanJson(goto, GOTO_LIMITS);
  if (targets.ok && isTargets(targets.value)) return { ...cleaned, goto: targets.value };
  return failed('invalid_goto', `goto takes the names of 1 to ${MAX_TARGETS} nodes`);
}

type Succeeded = Extract<Outcome, { kind: 'succeeded' }>;

function isTargets(value: Json): value is string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_TARGETS) return false;
  return value.every((target) => typeof target === 'string');
}

function cleanFailure(outcome: Extract<Outcome, { kind: 'failed' }>): Outcome {
  const { code, message, retryable, details } = outcome.error;
  const safe = { code: cleanText(code, 200), message: cleanText(message, 8000), retryable };
  const kept = details === undefined ? null : cleanJson(details, DETAIL_LIMITS);
  return { ...outcome, error: kept?.ok ? { ...safe, details: kept.value as NonNullable<typeof details> } : safe };
}

function cleanText(text: string, maxLength: number): string {
  const cleaned = cleanJson(text.slice(0, maxLength), DETAIL_LIMITS);
  return cleaned.ok && typeof cleaned.value === 'string' ? cleaned.value : 'unreadable';
}

function failed(code: string, message: string): Extract<Outcome, { kind: 'failed' }> {
  return { kind: 'failed', error: { code, message, retryable: false } };
}
