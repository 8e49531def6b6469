/** What the use cases need from outside; each takes only what it uses. */
import type {
  Broker,
  Clock,
  DispatchStore,
  EventBus,
  FleetStore,
  Housekeeping,
  InputChecker,
  Log,
  ResultCache,
  RetentionStore,
  RunReader,
  RunStore,
  Timers,
  WorkflowStore,
} from '../ports/index.ts';

export type EngineDeps = {
  runs: RunStore;
  dispatch: DispatchStore;
  workflows: WorkflowStore;
  fleet: FleetStore;
  reader: RunReader;
  results: ResultCache;
  retention: RetentionStore;
  broker: Broker;
  bus: EventBus;
  timers: Timers;
  housekeeping: Housekeeping;
  inputs: InputChecker;
  clock: Clock;
  log: Log;
};
