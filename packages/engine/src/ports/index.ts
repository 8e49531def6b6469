export type { Archive } from './archive.ts';
export type {
  ArtifactIndex,
  ArtifactListing,
  ArtifactRecord,
  ArtifactsFilter,
  ArtifactUser,
  NewArtifact,
  Stale,
} from './artifact-index.ts';
export { ArtifactError, boundsOf, tooLarge } from './artifact-store.ts';
export type { ArtifactErrorCode, ArtifactStore, ByteRange, PutOptions, StoredContent } from './artifact-store.ts';
export type {
  BudgetGrant,
  BudgetKey,
  BudgetKind,
  BudgetLeft,
  BudgetLimit,
  BudgetPeriod,
  BudgetRecord,
  BudgetStore,
  BudgetUse,
  Estimate,
  OnExceeded,
  Payer,
  RefusingBudget,
  RunBudgetRecord,
  SpendReport,
  Spender,
} from './budget-store.ts';
export { ANY_LANE, isAnyLane } from './broker.ts';
export type { Ack, Broker, ClaimRequest, LaneList, LaneOrder, RunSeed, TaskMessage } from './broker.ts';
export type {
  CallbackChange,
  CallbackRecord,
  CallbackStore,
  DeliveryEnd,
  DeliveryFilter,
  DeliveryQueue,
  DeliveryRecord,
  DeliveryStore,
  NewCallbackRecord,
  TakenDelivery,
} from './callback-store.ts';
export type { Clock } from './clock.ts';
export { STORE_CHORES } from './dispatch-store.ts';
export type {
  DispatchStore,
  DueTimer,
  InputMaterial,
  LaneWait,
  RunningMark,
  StaleOffers,
  StaleOffersPage,
  StoreChore,
  StrandedAttempt,
  TaskAttempt,
} from './dispatch-store.ts';
export type {
  CallGrant,
  CallReport,
  DueProbe,
  EndpointCall,
  EndpointLoad,
  EndpointMeter,
  EndpointProber,
  EndpointRecord,
  EndpointRules,
  EndpointStore,
  EndpointToken,
  MeteredEndpoint,
} from './endpoint.ts';
export type { EventBus, RunNotice } from './event-bus.ts';
export type {
  CallArtifacts,
  CallBudget,
  Executor,
  ExecutorCall,
  ExecutorLog,
  Outcome,
  Reserved,
  TaskError,
  Usage,
} from './executor.ts';
export type { CostReader, CostsFilter, SpentItem, SpentSums } from './cost-reader.ts';
export type { DesiredState, FleetStore, LaneRate, WorkerBeat, WorkerHealth, WorkerRecord } from './fleet-store.ts';
export type { Candidate, GateRequest, GateStore, GateView } from './gate-store.ts';
export type { GaugeReading, MemoryBound, ProcessGauge } from './process-gauge.ts';
export type { Chore, Housekeeping } from './housekeeping.ts';
export type { InputChecker } from './input-checker.ts';
export type { KeyPage, KeyRecord, KeyRole, KeyStore, NewKey } from './key-store.ts';
export type {
  KeyLimit,
  Limit,
  LimitStore,
  LimitTable,
  PausedLane,
  Rate,
  RateKey,
  RateLimiter,
  TenantLimit,
} from './limit-store.ts';
export type { HeldEvent, LiveEntry, LiveEvent, LiveLimits, LiveLog, LiveLoss, LivePage, LiveRead } from './live-log.ts';
export { Listeners, warnOfListenerError } from './listeners.ts';
export type { OnListenerError } from './listeners.ts';
export type { Log } from './log.ts';
export { ALL_TENANTS } from './mesh-store.ts';
export type { EmergencyRecord, MeshStore, ScalingDecision, ScalingEventRecord, ScalingRecord } from './mesh-store.ts';
export { MOST_COUNTED } from './queue-reader.ts';
export type { InUse, QueuedList, QueueReader } from './queue-reader.ts';
export type { Attendance, ReplyFate, ReplyRecord, ReplyStore } from './reply-store.ts';
export type { CacheAnswer, CachedResult, CacheEntry, CacheLease, CacheRequest, ResultCache } from './result-cache.ts';
export type {
  DeleteResult,
  PolicyKey,
  Pruned,
  PruneRequest,
  PruneResult,
  RetentionPolicy,
  RetentionRule,
  RetentionStore,
  TableStorage,
} from './retention-store.ts';
export type {
  FoldPath,
  MigrationStep,
  RunFilter,
  RunReader,
  RunRecord,
  StepRange,
  TaskResult,
  TaskView,
} from './run-reader.ts';
export type { Leftover, LeftoverStore } from './leftover-store.ts';
export type { LetterListing, LetterPosition, LetterReader, LetterRecord } from './letter-reader.ts';
export type { OutputMatch, RunComparer, TaskTotals } from './run-comparer.ts';
export { StoreError } from './run-store.ts';
export type {
  CallerKey,
  Lacking,
  Mail,
  NewRun,
  Plan,
  RunChange,
  RunStore,
  SettledRun,
  Settlement,
  Submission,
} from './run-store.ts';
export type {
  FireReason,
  FireRecord,
  FireReport,
  ScheduleChange,
  ScheduleChanging,
  ScheduleDefinition,
  ScheduleRecord,
  ScheduleSight,
  ScheduleStore,
  ScheduleTick,
  ScheduleView,
  ScheduleWake,
  ShownFire,
} from './schedule-store.ts';
export type { Timers } from './timers.ts';
export type {
  CollectionKey,
  CollectionKind,
  FoundPassage,
  NewDocument,
  NewPassage,
  PassageFinds,
  PassageSearch,
  PassageStore,
} from './passage-store.ts';
export type { Secrets, TextRedactor } from './secrets.ts';
export type { StoredWorkflow, WorkflowStore } from './workflow-store.ts';
