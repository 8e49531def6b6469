/** Setting budgets of tenants, keys, and those that runs name. */
import { AppError } from '@weft/contract';

import type { Engine } from './engine.ts';
import type { EngineDeps } from './deps.ts';

export function createBudgetCommands({
  budgets,
}: Pick<EngineDeps, 'budgets'>): Pick<Engine, 'setBudget' | 'removeBudget'> {
  return {
    setBudget: (key, limit) => budgets.set(key, limit),
    async removeBudget(key) {
      if (!(await budgets.remove(key))) throw new AppError('not_found', 'there is no such budget');
    },
  };
}
