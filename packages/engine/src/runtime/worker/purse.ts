/** What one attempt may spend: reserved before it begins to, and settled once it is over. */
import type { Json } from '@weft/contract';

import { missingBudget, refusalOf } from '../../domain/budget/refusal.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import { StoreError } from '../../ports/index.ts';
import type {
  BudgetGrant,
  BudgetLeft,
  BudgetUse,
  CallBudget,
  Clock,
  Estimate,
  Log,
  Reserved,
  Spender,
} from '../../ports/index.ts';
import { pause } from '../pause.ts';
import type { AttemptVoice } from './attempt-voice.ts';
import type { Cashier } from './cashier.ts';

export type PurseDeps = { cashier: Cashier; clock: Clock; log: Log };

/** `holdMs`: how long it waits for what others have reserved. `goesOn`: an attempt before it may have left a reservation. */
export type PurseOf = {
  spender: Spender;
  signal: AbortSignal;
  voice: Pick<AttemptVoice, 'tell'>;
  holdMs: number;
  goesOn: boolean;
};

/** How soon is asked again where others have reserved what is wanted. */
const HELD_MS = 250;
/** Out of its slot, a task waits so long before it asks once more: each time is a step of its run. */
const AGAIN_MS = 10_000;
const RETRY_MS = 200;

function held({ usdLeft, tokensLeft }: BudgetLeft): Reserved {
  return { kind: 'held', afterMs: AGAIN_MS, usdLeft, tokensLeft };
}

const SUPERSEDED = { code: 'superseded', message: 'a later attempt of the task is under way', retryable: false };

export class Purse implements CallBudget {
  readonly #deps: PurseDeps;
  readonly #of: PurseOf;
  #hasReserved: boolean;
  #gaveBack = false;

  constructor(deps: PurseDeps, of: PurseOf) {
    this.#deps = deps;
    this.#of = of;
    this.#hasReserved = of.goesOn;
  }

  async reserve(estimate: Estimate): Promise<Reserved> {
    const { spender, signal, holdMs } = this.#of;
    const { clock, cashier } = this.#deps;
    const until = clock.monotonicMs() + holdMs;
    while (!signal.aborted) {
      const grant = await this.#ask(estimate);
      if (grant && grant.kind !== 'held') return this.#answer(grant);
      if (grant && clock.monotonicMs() >= until) return held(grant);
      if (grant) await cashier.changed(HELD_MS);
      else await pause(clock, RETRY_MS);
    }
    const error = { code: 'aborted', message: 'it was stopped while it waited for its budget', retryable: true };
    return { kind: 'refused', error, onExceeded: spender.payer?.onExceeded ?? 'fail', usdLeft: null, tokensLeft: null };
  }

  /** Where the run wants people to be asked, the task does not fail for a budget that is used up. */
  orAsked(outcome: Outcome | null, memo: Json): Outcome | null {
    const { payer } = this.#of.spender;
    if (outcome?.kind !== 'failed' || outcome.error.code !== 'budget_exceeded' || payer?.onExceeded !== 'interrupt')
      return outcome;
    const { kind, subject } = (outcome.error.details ?? {}) as { kind?: string; subject?: string };
    const budget = kind === 'run' && subject !== undefined ? subject : null;
    const message = `${outcome.error.message}. May it be spent?`;
    const { usage, placed } = outcome;
    const spent = { ...(usage && { usage }), ...(placed && { placed }) };
    return { kind: 'again', memo, afterMs: 0, asks: { message, budget }, ...spent };
  }

  release(): void {
    this.#gaveBack = true;
  }

  /** Puts what was spent into the account. An attempt of which nothing is known gives back what it has reserved. */
  async settle(outcome: Outcome | null): Promise<void> {
    const usage = outcome?.usage ?? null;
    if (!this.#hasReserved && usage === null) return;
    const keep = outcome?.kind === 'again' && usage === null && !this.#gaveBack;
    const report = { ...this.#of.spender, usage, placed: outcome?.placed ?? null, keep };
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
      this.#gaveBack = false;
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
