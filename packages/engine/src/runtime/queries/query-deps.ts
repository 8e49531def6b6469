import type { Graph } from '../../domain/graph/graph.ts';
import type { EndpointBook } from '../endpoints/endpoint-book.ts';
import type { WorkflowRef } from '../../domain/run/records.ts';
import type {
  Broker,
  BudgetStore,
  CostReader,
  DispatchStore,
  EndpointMeter,
  FleetStore,
  LetterReader,
  LimitStore,
  MeshStore,
  QueueReader,
  RateLimiter,
  RetentionStore,
  RunComparer,
  RunReader,
  ScheduleStore,
  WorkflowStore,
} from '../../ports/index.ts';

/** What reading needs. Nothing here takes a lock, and nothing that is read decides about a run. */
export type QueryDeps = {
  reader: RunReader;
  comparer: RunComparer;
  letters: LetterReader;
  workflows: WorkflowStore;
  fleet: FleetStore;
  limits: Pick<LimitStore, 'load'>;
  budgets: Pick<BudgetStore, 'list'>;
  costs: CostReader;
  queue: QueueReader;
  mesh: Pick<MeshStore, 'scaling' | 'scalingEvents'>;
  endpointBook: EndpointBook;
  meter?: EndpointMeter;
  rates: Pick<RateLimiter, 'waitMs'>;
  retention: Pick<RetentionStore, 'fallback' | 'policies' | 'bytesOf' | 'storage'>;
  dispatch: Pick<DispatchStore, 'backlog' | 'laneWaits'>;
  broker: Pick<Broker, 'held' | 'depths'>;
  schedules: Pick<ScheduleStore, 'get' | 'list' | 'fires' | 'now'>;
  /** The compiled version; a version never changes, so it may be kept. */
  loadGraph: (ref: WorkflowRef) => Promise<Graph>;
};
