/** What is said of a budget that lets something not begin. */
import type { TaskError } from '@weft/contract';

/** How far a bound is used, and what was asked of it (null: nobody knows the price). */
export type UsedBudget = {
  kind: 'run' | 'tenant' | 'key' | 'name';
  subject: string;
  period: 'total' | 'day' | 'month';
  unit: 'usd' | 'tokens';
  limit: number;
  spent: number;
  reserved: number;
  asked: number | null;
};

/** Neither error goes away by trying again. */
export function refusalOf(code: 'budget_exceeded' | 'price_missing', budget: UsedBudget): TaskError {
  const { unit, limit, spent, reserved, asked } = budget;
  const of = `${nameOf(budget)} of ${amount(limit, unit)}`;
  const message =
    code === 'price_missing'
      ? `${of} bounds this task, and the price of what it calls is not known`
      : `${of} is used up: ${amount(spent, unit)} are spent, ${amount(reserved, unit)} reserved, and this takes ${amount(asked ?? 0, unit)}`;
  return { code, message, retryable: false, details: { ...budget } };
}

/** The run names a budget that is not there. */
export function missingBudget(name: string | null): TaskError {
  const message = `the run is charged to the budget ${JSON.stringify(name)}, and there is none of that name`;
  return { code: 'budget_missing', message, retryable: false };
}

function nameOf({ kind, subject, period }: UsedBudget): string {
  const span = period === 'total' ? '' : ` for a ${period}`;
  if (kind === 'run') return 'the budget of the run';
  if (kind === 'tenant') return `the budget of the tenant${span}`;
  return kind === 'key' ? `the budget of the API key${span}` : `the budget ${JSON.stringify(subject)}${span}`;
}

function amount(value: number, unit: UsedBudget['unit']): string {
  return unit === 'usd' ? `${value} USD` : `${value} tokens`;
}
