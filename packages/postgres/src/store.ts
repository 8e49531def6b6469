/** All stores on one pool. */
import type {
  ArtifactIndex,
  BudgetStore,
  CallbackStore,
  CostReader,
  DeliveryStore,
  DispatchStore,
  EndpointStore,
  FleetStore,
  KeyStore,
  LetterReader,
  GateStore,
  LeftoverStore,
  LimitStore,
  MeshStore,
  PassageStore,
  QueueReader,
  ResultCache,
  RetentionStore,
  RunComparer,
  RunReader,
  RunStore,
  ScheduleStore,
  WorkflowStore,
} from '@weft/engine/ports';

import { createArtifactIndex } from './artifact-index.ts';
import { createBudgetStore } from './budget-store.ts';
import { createCallbackStore } from './callback-store.ts';
import { createCostReader } from './cost-reader.ts';
import { createPool } from './connection.ts';
import { DatabaseClock } from './database-clock.ts';
import { createDeliveryStore } from './delivery-store.ts';
import { createDispatchStore } from './dispatch-store.ts';
import { createEndpointStore } from './endpoint-store.ts';
import { createFleetStore } from './fleet-store.ts';
import { createKeyStore } from './key-store.ts';
import { createGateStore } from './gate-store.ts';
import { createLeftoverStore } from './leftover-store.ts';
import { createLimitStore } from './limit-store.ts';
import { createMeshStore } from './mesh-store.ts';
import { createPassageStore } from './passage-store.ts';
import { createQueueReader } from './queue-reader.ts';
import { createResultCache } from './result-cache.ts';
import { createRetentionStore } from './retention-store.ts';
import type { RetentionOptions } from './retention-store.ts';
import type { SecretKeys } from './secret-keys.ts';
import { createRunComparer } from './queries/compare-tasks.ts';
import { createLetterReader } from './queries/read-letters.ts';
import { createRunReader } from './run-reader.ts';
import { createRunStore } from './run-store.ts';
import { createScheduleStore } from './schedule-store.ts';
import { createWorkflowStore } from './workflow-store.ts';

export type PostgresStore = {
  runs: RunStore;
  dispatch: DispatchStore;
  workflows: WorkflowStore;
  fleet: FleetStore;
  leftovers: LeftoverStore;
  limits: LimitStore;
  budgets: BudgetStore;
  costs: CostReader;
  gate: GateStore;
  queue: QueueReader;
  reader: RunReader;
  comparer: RunComparer;
  letters: LetterReader;
  results: ResultCache;
  retention: RetentionStore;
  keys: KeyStore;
  endpoints: EndpointStore;
  mesh: MeshStore;
  callbacks: CallbackStore;
  deliveries: DeliveryStore;
  artifacts: ArtifactIndex;
  schedules: ScheduleStore;
  passages: PassageStore;
  close(): Promise<void>;
};

/**
 * Opens the stores on a migrated database. `onError` hears of connections that break while idle. Without `retention` there is no
 * fallback for runs without a policy, and no archive; without `secretKeys` no token can be stored in its clear text, nor read.
 */
export function openStore({
  url,
  maxConnections = 8,
  retention: options = { fallback: null, archive: null },
  secretKeys,
  onError,
}: {
  url: string;
  maxConnections?: number;
  retention?: RetentionOptions;
  secretKeys?: SecretKeys;
  onError: (error: Error) => void;
}): PostgresStore {
  const pool = createPool({ url, max: maxConnections, onError });
  const retention = createRetentionStore(pool, { url, ...options });
  return {
    runs: createRunStore(pool, new DatabaseClock(), secretKeys),
    dispatch: createDispatchStore(pool),
    workflows: createWorkflowStore(pool),
    fleet: createFleetStore(pool),
    leftovers: createLeftoverStore(pool),
    limits: createLimitStore(pool),
    budgets: createBudgetStore(pool),
    costs: createCostReader(pool),
    gate: createGateStore(pool),
    queue: createQueueReader(pool),
    reader: createRunReader(pool),
    comparer: createRunComparer(pool),
    letters: createLetterReader(pool),
    results: createResultCache(pool),
    retention,
    keys: createKeyStore(pool),
    endpoints: createEndpointStore(pool, secretKeys),
    mesh: createMeshStore(pool),
    callbacks: createCallbackStore(pool, secretKeys),
    deliveries: createDeliveryStore(pool, secretKeys),
    artifacts: createArtifactIndex(pool),
    schedules: createScheduleStore(pool),
    passages: createPassageStore(pool),
    async close() {
      await retention.close();
      await pool.end();
    },
  };
}
