/**
 * Which budgets there are, as this worker knows it: read when it begins, and looked at again with every beat. Whoever has none is
 * found out by one look into an empty map, so that work without budgets costs nothing.
 */
import type { BudgetKey, BudgetStore, Payer } from '../../ports/index.ts';

export class BudgetBook {
  readonly #store: Pick<BudgetStore, 'load'>;
  #version: number | null = null;
  #tenants = new Map<string, BudgetKey[]>();

  constructor(store: Pick<BudgetStore, 'load'>) {
    this.#store = store;
  }

  /** Reads what has changed. */
  async refresh(): Promise<void> {
    const table = await this.#store.load(this.#version);
    if (table === null) return;
    this.#version = table.version;
    this.#tenants = Map.groupBy(table.budgets, ({ tenant }) => tenant);
  }

  /** Whether anything bounds a run of this tenant and payer. A name is looked up where it counts, since it must be there. */
  bounds(tenant: string, payer: Payer | null): boolean {
    if (payer !== null && (payer.runs.length > 0 || payer.name !== null)) return true;
    const known = this.#tenants.get(tenant);
    return known?.some(({ kind, subject }) => kind === 'tenant' || (kind === 'key' && subject === payer?.key)) ?? false;
  }
}
