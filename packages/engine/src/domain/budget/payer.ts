/** Who is charged for a run beside its tenant. */
import type { Budget } from '@weft/contract';

export type OnExceeded = NonNullable<Budget['onExceeded']>;

/** A run has one only if it was started by a key, names a budget, or is bounded itself or as part of another run. */
export type Payer = {
  /** The id of the API key that has started it. */
  key: string | null;
  /** A budget of the tenant, by its name. */
  name: string | null;
  /** The runs with budgets of their own that it is a part of, itself included. */
  runs: string[];
  /** What is done where a budget is used up. */
  onExceeded: OnExceeded;
};

/** What one run may spend; null: no bound. */
export type RunBudget = { usd: number | null; tokens: number | null };

/** What a run is started with, as far as its budget is concerned. `above`: the payer of its parent. */
export type Means = {
  runId: string;
  key: string | null;
  above: Payer | null;
  /** From the least specific to the most: the document's, that of the node that starts it, that of the request. */
  budgets: readonly (RunBudget | Budget | null | undefined)[];
};

type Bound = { [Unit in 'usd' | 'tokens']?: number | null | undefined } & Pick<Budget, 'name' | 'onExceeded'>;

/** The budget of a new run itself, the tightest of all that bound it, and who pays for it; each null if there is none. */
export function meansOf({ runId, key, above, budgets }: Means): { budget: RunBudget | null; payer: Payer | null } {
  const given = budgets.flatMap((one): Bound[] => (one ? [one] : []));
  const usd = least(given.map((budget) => budget.usd));
  const tokens = least(given.map((budget) => budget.tokens));
  const budget = usd === null && tokens === null ? null : { usd, tokens };
  const name = given.findLast((one) => one.name !== undefined)?.name ?? above?.name ?? null;
  const onExceeded = given.findLast((one) => one.onExceeded !== undefined)?.onExceeded ?? above?.onExceeded ?? 'fail';
  const runs = [...(above?.runs ?? []), ...(budget ? [runId] : [])];
  const payer = { key: above?.key ?? key, name, runs, onExceeded };
  const isNobody = payer.key === null && name === null && runs.length === 0 && onExceeded === 'fail';
  return { budget, payer: isNobody ? null : payer };
}

function least(bounds: readonly (number | null | undefined)[]): number | null {
  const given = bounds.filter((bound) => typeof bound === 'number');
  return given.length === 0 ? null : Math.min(...given);
}

/** The fields of a request's budget that are not as tight as the document's. */
export function looserThan(document: Budget | undefined, request: Budget | undefined): ('usd' | 'tokens')[] {
  return (['usd', 'tokens'] as const).filter((unit) => {
    const [most, asked] = [document?.[unit], request?.[unit]];
    return most !== undefined && asked !== undefined && asked > most;
  });
}
