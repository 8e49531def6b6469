/** What the use cases need from outside; each takes only what it uses. */
import type {
  Broker,
  Clock,
  DispatchStore,
  EventBus,
  FleetStore,
  Housekeeping,
  InputChecker,
  LiveLog,
  Log,
  ResultCache,
  RetentionStore,
  LetterReader,
  RunComparer,
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
  comparer: RunComparer;
  letters: LetterReader;
  results: ResultCache;
  retention: RetentionStore;
  broker: Broker;
  bus: EventBus;
  live: LiveLog;
  timers: Timers;
  housekeeping: Housekeeping;
  inputs: InputChecker;
  clock: Clock;
  log: Log;
};
