/** What the use cases need from outside; each takes only what it uses. */
import type {
  Broker,
  BudgetStore,
  Clock,
  DispatchStore,
  EndpointMeter,
  EndpointProber,
  EndpointRules,
  EndpointStore,
  EventBus,
  FleetStore,
  GateStore,
  Housekeeping,
  InputChecker,
  LimitStore,
  LiveLog,
  Log,
  MeshStore,
  QueueReader,
  RateLimiter,
  ResultCache,
  RetentionStore,
  LetterReader,
  RunComparer,
  RunReader,
  RunStore,
  ScheduleStore,
  Timers,
  WorkflowStore,
} from '../ports/index.ts';
import type { ArtifactDeps } from './artifacts/artifacts.ts';

export type EngineDeps = ArtifactDeps & {
  runs: RunStore;
  dispatch: DispatchStore;
  workflows: WorkflowStore;
  fleet: FleetStore;
  limits: LimitStore;
  budgets: BudgetStore;
  gate: GateStore;
  reader: RunReader;
  comparer: RunComparer;
  letters: LetterReader;
  results: ResultCache;
  retention: RetentionStore;
  broker: Broker;
  rates: RateLimiter;
  bus: EventBus;
  live: LiveLog;
  timers: Timers;
  housekeeping: Housekeeping;
  schedules: ScheduleStore;
  /** Says when to look at the schedules; without it each process does by its own clock. */
  scheduleTurns?: Housekeeping;
  endpoints: EndpointStore;
  /** What all share of the endpoints; without it nobody calls any. */
  meter?: EndpointMeter;
  /** What holds for the whole mesh; without it there is never an emergency, and nobody decides about scaling. */
  mesh?: MeshStore;
  /** What scaling is reckoned from. */
  queue?: QueueReader;
  /** Without it this process asks no endpoint about its health. */
  prober?: EndpointProber;
  /** What protocols ask of an endpoint beyond what all must be. */
  endpointRules?: EndpointRules;
  inputs: InputChecker;
  clock: Clock;
  log: Log;
};
