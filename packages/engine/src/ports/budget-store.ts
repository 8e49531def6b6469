import type { Placement, Usage } from '@weft/contract';

import type { Estimate } from '../domain/budget/estimate.ts';
import type { Payer } from '../domain/budget/payer.ts';

export type { Estimate } from '../domain/budget/estimate.ts';
export type { OnExceeded, Payer } from '../domain/budget/payer.ts';

export type BudgetKind = 'run' | 'tenant' | 'key' | 'name';
/** A period is one of UTC; `total` never ends. */
export type BudgetPeriod = 'total' | 'day' | 'month';

/** Which budget: of the tenant itself (`subject` is empty), of one of its API keys, by its id, or of a name that runs give. */
export type BudgetKey = {
  tenant: string;
  kind: Exclude<BudgetKind, 'run'>;
  subject: string;
  period: BudgetPeriod;
};

/** `usd`, `tokens`: null for no bound. */
export type BudgetLimit = { usd: number | null; tokens: number | null };

/** A budget in its present period. Instants are epoch ms; null: not yet in this period. */
export type BudgetRecord = BudgetKey &
  BudgetLimit & {
    spent: { usd: number; tokens: number };
    reserved: { usd: number; tokens: number };
    warnedAt: number | null;
    exceededAt: number | null;
    updatedAt: number;
  };

/** The budget of one run. */
export type RunBudgetRecord = Omit<BudgetRecord, keyof BudgetKey>;

/** One bound of a budget, and how far it is used. `unit` says in what it is counted. */
export type BudgetUse = {
  kind: BudgetKind;
  /** The id of the run or of the key, or the name; empty for the tenant. */
  subject: string;
  period: BudgetPeriod;
  unit: 'usd' | 'tokens';
  limit: number;
  spent: number;
  reserved: number;
};

/** One attempt of one task, and who pays for it. */
export type Spender = {
  tenant: string;
  payer: Payer | null;
  runId: string;
  taskId: string;
  taskKey: string;
  taskEpoch: number;
  runEpoch: number;
  attempt: number;
};

/** What is left, the reservation counted, in the budget with the least of it; null: no bound. */
export type BudgetLeft = { usdLeft: number | null; tokensLeft: number | null };

/** `asked`: what was to be reserved; null where its price is not known. */
export type RefusingBudget = BudgetUse & { asked: number | null };

export type BudgetGrant =
  | ({ kind: 'granted' } & BudgetLeft)
  /** `refused`: for good. `held`: it would fit if others spend less than they have reserved. `isFirst`: nobody was told so before. */
  | ({ kind: 'refused' | 'held' | 'price_missing'; budget: RefusingBudget; isFirst: boolean } & BudgetLeft)
  /** The run names a budget that the tenant does not have. */
  | { kind: 'budget_missing' }
  /** A later attempt of the task has reserved. */
  | { kind: 'superseded' };

export type SpendReport = Spender & {
  /** Null: nothing is known to be spent. */
  usage: Usage | null;
  /** Where it was spent, if that is known. */
  placed: Placement | null;
  /** The reservation is left to the next attempt of the task, which goes on with it. */
  keep: boolean;
};

/**
 * What may be spent, and what is reserved of it. A reservation belongs to one attempt and counts in each budget that its run is
 * charged to. Every method is one step: all of it holds, or none.
 */
export type BudgetStore = {
  /**
   * In order of what is asked for. Each is granted by all its budgets or by none, and takes the place of what the attempt, and
   * those before it, had reserved. Asked again after an unknown outcome, it changes nothing.
   */
  reserve(requests: readonly (Spender & { estimate: Estimate })[]): Promise<BudgetGrant[]>;
  /**
   * Ends reservations, charges what was spent and puts it into the account, once for each attempt. One that has no reservation
   * any more is put into the account only. Gives for each the budgets of which four fifths are spent since.
   */
  settle(reports: readonly SpendReport[]): Promise<BudgetUse[][]>;
  /** Ends reservations of attempts that were overtaken or whose task or run has ended. Gives how many. */
  sweep(limit: number): Promise<number>;
  /** The budgets that are not of runs, with a version that rises with each change; null where nothing has changed since. */
  load(since: number | null): Promise<{ version: number; budgets: BudgetKey[] } | null>;
  list(tenant: string): Promise<BudgetRecord[]>;
  /** That of a run; null if it has none of its own. */
  ofRun(tenant: string, runId: string): Promise<RunBudgetRecord | null>;
  /** Sets its bounds; what is spent stays spent. */
  set(key: BudgetKey, limit: BudgetLimit): Promise<void>;
  /** False if there is none. */
  remove(key: BudgetKey): Promise<boolean>;
  /** Raises the budget of a run, once for each `for`; what does not bound it stays so. */
  raise(raise: {
    tenant: string;
    runId: string;
    by: { usd?: number | undefined; tokens?: number | undefined };
    for: string;
  }): Promise<void>;
};
