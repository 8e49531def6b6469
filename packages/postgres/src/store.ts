/** All stores on one pool. */
import type { DispatchStore, FleetStore, ResultCache, RunReader, RunStore, WorkflowStore } from '@weft/engine/ports';

import { createPool } from './connection.ts';
import { DatabaseClock } from './database-clock.ts';
import { createDispatchStore } from './dispatch-store.ts';
import { createFleetStore } from './fleet-store.ts';
import { createResultCache } from './result-cache.ts';
import { createRunReader } from './run-reader.ts';
import { createRunStore } from './run-store.ts';
import { createWorkflowStore } from './workflow-store.ts';

export type PostgresStore = {
  runs: RunStore;
  dispatch: DispatchStore;
  workflows: WorkflowStore;
  fleet: FleetStore;
  reader: RunReader;
  results: ResultCache;
  close(): Promise<void>;
};

/** Opens the stores on a migrated database. `onError` hears of connections that break while idle. */
export function openStore({
  url,
  maxConnections = 8,
  onError,
}: {
  url: string;
  maxConnections?: number;
  onError: (error: Error) => void;
}): PostgresStore {
  const pool = createPool({ url, max: maxConnections, onError });
  return {
    runs: createRunStore(pool, new DatabaseClock()),
    dispatch: createDispatchStore(pool),
    workflows: createWorkflowStore(pool),
    fleet: createFleetStore(pool),
    reader: createRunReader(pool),
    results: createResultCache(pool),
    close: () => pool.end(),
  };
}
