import type { EngineDeps } from '../deps.ts';
import type { GraphCache } from '../graph-cache.ts';
import type { Settler } from '../settler.ts';

/** What steering runs needs. */
export type SteerDeps = Pick<EngineDeps, 'runs' | 'reader' | 'clock' | 'inputs'> & {
  settler: Pick<Settler, 'settle'>;
  graphs: GraphCache;
};
