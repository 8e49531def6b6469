import type { CostDimension } from '@weft/contract';

/** `from`, `to`: days of UTC, `YYYY-MM-DD`, both included. `tenant` null: all of them. */
export type CostsFilter = {
  tenant: string | null;
  from: string;
  to: string;
  workflow: string | null;
  runId: string | null;
};

export type SpentSums = { attempts: number; inputTokens: number; outputTokens: number; usd: number };

export type SpentItem = SpentSums & Partial<Record<CostDimension, string | null>>;

/**
 * The account: what was spent by all attempts, those that came too late and those of runs that were deleted included. What a fork
 * shows of the run that it was forked from is spent once.
 */
export type CostReader = {
  /** The sums by these dimensions, the first `limit`: by day, or the dearest first; and the sum of all. */
  costs(
    filter: CostsFilter,
    by: readonly CostDimension[],
    limit: number,
  ): Promise<{ items: SpentItem[]; total: SpentSums }>;
};
