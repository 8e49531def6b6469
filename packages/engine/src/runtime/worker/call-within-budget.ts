/** A call that somebody pays for: reserve, call, settle. Where nothing bounds a run it is the call alone. */
import { UNSTATED } from '../../domain/budget/estimate.ts';
import type { GraphNode } from '../../domain/graph/graph.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import { stoppedOutcome } from './attempt-time.ts';
import { callExecutor } from './call-executor.ts';
import type { CallDeps, RunningCall, Work } from './call-executor.ts';
import type { Cashier } from './cashier.ts';
import { Purse } from './purse.ts';

/** How long an attempt waits in its slot for what others have reserved. */
const HOLD_MS = 5000;

export type BudgetDeps = CallDeps & { cashier: Cashier };

/** Null: it was stopped for a reason that makes its outcome worthless. Never throws. */
export async function callWithinBudget(deps: BudgetDeps, work: Work): Promise<Outcome | null> {
  const { node } = work.attempt;
  const purse = purseOf(deps, work.attempt);
  if (!purse) return atCost(node, await callExecutor(deps, work));
  // What the document says of its cost goes before what an executor believes.
  const reserves = work.executor.reserves && node.cost === null;
  const refused = reserves ? null : await reserve(purse, work);
  if (refused) return purse.orAsked(refused.outcome, work.attempt.memo);
  const outcome = atCost(node, await callExecutor(deps, reserves ? { ...work, budget: purse } : work));
  await purse.settle(outcome);
  return purse.orAsked(outcome, work.attempt.memo);
}

/** Null: nothing bounds it. */
function purseOf(deps: BudgetDeps, { message, node, stop, memo, voice }: RunningCall): Purse | null {
  const { tenant } = message.workflow;
  const payer = message.payer ?? null;
  if (!deps.cashier.book.bounds(tenant, payer)) return null;
  const { runId, taskId, key: taskKey, taskEpoch, runEpoch, attempt } = message;
  const spender = { tenant, payer, runId, taskId, taskKey, taskEpoch, runEpoch, attempt };
  const holdMs = Math.min(HOLD_MS, node.timeoutMs / 2);
  return new Purse(deps, { spender, signal: stop.signal, voice, holdMs, goesOn: memo !== null });
}

/** Null: it may begin. */
async function reserve(
  purse: Purse,
  { attempt: { node, stop, memo } }: Work,
): Promise<{ outcome: Outcome | null } | null> {
  const estimate = node.cost ? { ...node.cost, isStated: true } : UNSTATED;
  const reserved = await purse.reserve(estimate);
  if (stop.signal.aborted) {
    await purse.settle(null);
    return { outcome: stoppedOutcome(stop.signal, node) };
  }
  if (reserved.kind === 'granted') return null;
  if (reserved.kind === 'held') return { outcome: { kind: 'again', memo, afterMs: reserved.afterMs } };
  return { outcome: { kind: 'failed', error: reserved.error } };
}

/** Where nobody knows better, what succeeds has cost what the node says. */
function atCost({ cost }: GraphNode, outcome: Outcome | null): Outcome | null {
  if (cost === null || outcome?.kind !== 'succeeded') return outcome;
  const { inputTokens = 0, outputTokens = 0, usd = 0 } = outcome.usage ?? {};
  const tokens =
    inputTokens + outputTokens > 0 ? { inputTokens, outputTokens } : { inputTokens: cost.tokens, outputTokens };
  return { ...outcome, usage: { ...tokens, usd: usd > 0 ? usd : cost.usd } };
}
