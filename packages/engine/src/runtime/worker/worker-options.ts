/** What a worker is made of. */
import type { Executor, ProcessGauge, Secrets } from '../../ports/index.ts';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { EngineDeps } from '../deps.ts';
import type { GraphCache } from '../graph-cache.ts';
import type { Settler } from '../settler.ts';

export type WorkerOptions = {
  /** One incarnation: a restarted worker has another id. */
  id: string;
  name: string;
  lanes: string[];
  slots: number;
  version: string;
  pid: number;
  host: string;
  executors: ReadonlyMap<string, Executor>;
  secrets: Secrets;
  /** How long the result of a cached task is waited for when the worker that computes it has died, ms (15,000). */
  resultLeaseMs?: number;
  /** Between two beats, ms (2,000). */
  beatMs?: number;
  /** Resident memory of this process, bytes. */
  rssBytes(): number;
  /** Measures this process. Without it nothing is measured and memory bounds nothing. */
  gauge?: ProcessGauge;
  /**
   * How long after its start this worker may leave where memory is lacking for good, so that another process takes its place,
   * ms. Null (what is left out): never, since there is nobody who would start one.
   */
  recycleAfterMs?: number | null;
};

export type WorkerDeps = Pick<
  EngineDeps,
  'dispatch' | 'budgets' | 'fleet' | 'results' | 'reader' | 'broker' | 'live' | 'clock' | 'log'
> & {
  files: Artifacts;
  graphs: GraphCache;
  settler: Settler;
};
