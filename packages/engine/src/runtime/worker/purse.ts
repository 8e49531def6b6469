/** What one attempt may spend: reserved before it begins to, and settled once it is over. */
import { missingBudget, refusalOf } from '../../domain/budget/refusal.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import { StoreError } from '../../ports/index.ts';
import type { BudgetGrant, BudgetUse, CallBudget, Clock, Estimate, Log, Reserved, Spender } from '../../ports/index.ts';
import { pause } from '../pause.ts';
import type { AttemptVoice } from './attempt-voice.ts';
import type { Cashier } from './cashier.ts';

export type PurseDeps = { cashier: Cashier; clock: Clock; log: Log };

export type PurseOf = { spender: Spender; signal: AbortSignal; voice: Pick<AttemptVoice, 'tell'> };

/** How soon is asked again where others have reserved what is wanted. */
const HELD_MS = 250;
const RETRY_MS = 200;

const SUPERSEDED = { code: 'superseded', message: 'a later attempt of the task is under way', retryable: false };

export class Purse implements CallBudget {
  readonly #deps: PurseDeps;
  readonly #of: PurseOf;
  #hasReserved = false;

  constructor(deps: PurseDeps, of: PurseOf) {
    this.#deps = deps;
    this.#of = of;
  }

  async reserve(estimate: Estimate): Promise<Reserved> {
    const { spender, signal } = this.#of;
    while (!signal.aborted) {
      const grant = await this.#ask(estimate);
      if (grant?.kind === 'held') await this.#deps.cashier.changed(HELD_MS);
      else if (grant) return this.#answer(grant);
      else await pause(this.#deps.clock, RETRY_MS);
    }
    const error = { code: 'aborted', message: 'it was stopped while it waited for its budget', retryable: true };
    return { kind: 'refused', error, onExceeded: spender.payer?.onExceeded ?? 'fail', usdLeft: null, tokensLeft: null };
  }

  /** Puts what was spent into the account. An attempt of which nothing is known gives back what it has reserved. */
  async settle(outcome: Outcome | null): Promise<void> {
    const usage = outcome?.usage ?? null;
    if (!this.#hasReserved && usage === null) return;
    const report = { ...this.#of.spender, usage, endpoint: null, model: null, keep: false };
    for (const budget of await this.#deps.cashier.settle(report)) this.#warn(budget);
  }

  /** Null: the store did not answer. */
  async #ask(estimate: Estimate): Promise<BudgetGrant | null> {
    const { spender } = this.#of;
    try {
      return await this.#deps.cashier.reserve({ ...spender, estimate });
    } catch (error) {
      const { log } = this.#deps;
      const isLasting = !(error instanceof StoreError && error.transient);
      log.warn({ err: error, taskId: spender.taskId, runId: spender.runId }, 'could not reserve in the budgets');
      if (isLasting) throw error;
      return null;
    }
  }

  #answer(grant: Exclude<BudgetGrant, { kind: 'held' }>): Reserved {
    const { spender, voice } = this.#of;
    const onExceeded = spender.payer?.onExceeded ?? 'fail';
    if (grant.kind === 'granted') {
      this.#hasReserved = true;
      return grant;
    }
    if (grant.kind === 'superseded' || grant.kind === 'budget_missing') {
      const error = grant.kind === 'superseded' ? SUPERSEDED : missingBudget(spender.payer?.name ?? null);
      return { kind: 'refused', error, onExceeded, usdLeft: null, tokensLeft: null };
    }
    const { budget, usdLeft, tokensLeft, isFirst } = grant;
    if (isFirst) voice.tell('budget-exceeded', { budget });
    const error = refusalOf(grant.kind === 'refused' ? 'budget_exceeded' : 'price_missing', budget);
    return { kind: 'refused', error, onExceeded, usdLeft, tokensLeft };
  }

  #warn(budget: BudgetUse): void {
    this.#of.voice.tell('budget-warning', { budget });
  }
}
