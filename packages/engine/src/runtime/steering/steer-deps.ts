import type { AppError } from '@weft/contract';

import type { EngineDeps } from '../deps.ts';
import type { StartResult } from '../engine.ts';
import type { GraphCache } from '../graph-cache.ts';
import type { Settler } from '../settler.ts';
import type { RunToStart } from '../start-runs.ts';

/** What steering runs needs. */
export type SteerDeps = Pick<EngineDeps, 'runs' | 'reader' | 'clock' | 'inputs'> & {
  budgets: Pick<EngineDeps['budgets'], 'raise'>;
  settler: Pick<Settler, 'settle'>;
  graphs: GraphCache;
  /** Starts a run that another one leads to. */
  start(run: RunToStart): Promise<StartResult | AppError>;
};
