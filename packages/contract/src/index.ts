export {
  Artifact,
  ArtifactId,
  ArtifactPage,
  ArtifactRef,
  ListArtifactsQuery,
  UploadArtifactQuery,
} from './artifact.ts';
export { ForkRun, ReplayRun, RerunRun } from './branch-run.ts';
export {
  Checkpoint,
  CheckpointDiff,
  CheckpointPage,
  CheckpointQuery,
  CheckpointSummary,
  CheckpointTask,
  DiffQuery,
  NextUp,
  PatchOperation,
} from './checkpoint.ts';
export {
  ComparedDefinition,
  ComparedNode,
  ComparedRun,
  ComparedTasks,
  CompareQuery,
  Differences,
  RunComparison,
} from './compare-runs.ts';
export {
  Circuit,
  Endpoint,
  EndpointHealthCheck,
  EndpointLimits,
  EndpointName,
  EndpointPage,
  EndpointPrice,
  EndpointProtocol,
  EndpointStatus,
  FileEndpoint,
  ListEndpointsQuery,
  NewEndpoint,
  ReplaceEndpoint,
  SetCircuit,
  UpdateEndpoint,
} from './endpoint.ts';
export { Placement, TaskError, Usage } from './error.ts';
export { Event, EventGap, EventId, EventMode, EventsQuery } from './event.ts';
export { exitCodes } from './exit-code.ts';
export type { ExitCode } from './exit-code.ts';
export {
  DeadLetter,
  DeadLetterPage,
  FailedAttempt,
  LetterFilter,
  LetterQuery,
  LetterResult,
  LetterResults,
  LetterState,
  ManyLetters,
  RetryLetter,
} from './dead-letter.ts';
export { Interrupt, InterruptPage } from './interrupt.ts';
export { JsonRecord, JsonValue } from './json.ts';
export type { Json, JsonObject } from './json.ts';
export { isObject } from './json.ts';
export { ApiKey, CreatedKey, CreateKey, KeyPage, KeyRole, KeyStatus, ListKeysQuery } from './key.ts';
export {
  KeyLimit,
  KeyLimitList,
  KeyLimitQuery,
  Lane,
  LaneList,
  Rate,
  SetKeyLimit,
  SetRate,
  SetTenantLimits,
  TenantLimits,
  TenantList,
} from './limit.ts';
export { LaneStatus } from './lane.ts';
export {
  DANGEROUS_KEYS,
  END,
  Label,
  NodeName,
  NodeReference,
  START,
  StateKeyName,
  Tags,
  WorkflowName,
} from './name.ts';
export { FailureGroup, GraphDrawing, Overview, RunOverview } from './overview.ts';
export { pageOf, PageQuery } from './page.ts';
export type { Page } from './page.ts';
export { pointerOf, tokensOf } from './pointer.ts';
export {
  Budget,
  DurationMs,
  FailureMode,
  Join,
  MAX_MS,
  OnFailure,
  Priority,
  RetryPause,
  RetryPolicy,
} from './policy.ts';
export { BudgetList, BudgetPeriod, BudgetQuery, RunBudget, SetBudget, TenantBudget } from './budget.ts';
export { CostDimension, CostItem, Costs, CostsQuery } from './cost.ts';
export { DispatchResult, dispatchPriority, MeshDispatch } from './mesh-dispatch.ts';
export { Scaling, ScalingAction, ScalingEvent, ScalingReason, SetScaling, WorkerAdvice } from './mesh-scaling.ts';
export { CircuitList, CircuitState, Emergency, HealthBand, MeshMetrics, SetEmergency } from './mesh-status.ts';
export {
  MESH_WORKFLOW,
  MeshEventBody,
  MeshEvents,
  MeshEventsQuery,
  MeshExecute,
  MeshExecuteQuery,
  MeshStep,
} from './mesh-execute.ts';
export type { MeshEvent, MeshEventData, MeshEventName } from './mesh-execute.ts';
export { MigrateRun, MigrateWorkflow, RunMigration, WorkflowMigration } from './migrate-run.ts';
export { AppError, Problem, ProblemItem, problemTable, toProblem } from './problem.ts';
export type { MisfitCode, ProblemCode } from './problem.ts';
export {
  DeletedRun,
  PrunedRuns,
  PruneRuns,
  RetentionPolicies,
  RetentionPolicy,
  RetentionQuery,
  RetentionRule,
  SetRetention,
  Storage,
} from './retention.ts';
export { ListRunsQuery, ReadRunQuery, Run, RunPage, RunStatus } from './run.ts';
export { FireKind, RunTrigger } from './run-trigger.ts';
export {
  Backfilled,
  BackfillSchedule,
  FireOutcome,
  ListFiresQuery,
  ListSchedulesQuery,
  MAX_BACKFILL,
  NewSchedule,
  NextInstants,
  NextInstantsQuery,
  OverlapPolicy,
  PreviewSchedule,
  ReplaceSchedule,
  RunSchedule,
  Schedule,
  ScheduleFire,
  ScheduleFirePage,
  ScheduleName,
  ScheduleNote,
  SchedulePage,
  ScheduleSpec,
  ScheduleState,
} from './schedule.ts';
export {
  BatchedRun,
  BatchedStartRun,
  Callback,
  IdempotencyKey,
  MAX_BATCH_RUNS,
  StartedRunBatch,
  StartRun,
  StartRunBatch,
  StartRunQuery,
  waitMs,
} from './start-run.ts';
export { priorityOf, StartedTask, StartTask, TaskPriority } from './start-task.ts';
export { Reason, Reasons } from './reason.ts';
export { Reducer, StateKey } from './state-key.ts';
export { InjectedState, InjectState, ResumeRun, SentSignal, SignalName, SignalPayload, UserName } from './steer-run.ts';
export { Step, StepPage, StepType } from './step.ts';
export { Task, TaskPage, TaskStatus, TaskWaits } from './task.ts';
export { DEFAULT_TENANT, TENANT_HEADER, TenantName } from './tenant.ts';
export { Id, Instant, StepNumber, WorkflowVersion } from './wire.ts';
export { Worker, WorkerPage, WorkerStatus, WorkerZone } from './worker.ts';
export {
  DrawQuery,
  ForeignFormat,
  GraphQuery,
  ImportRemark,
  SavedWorkflow,
  Validation,
  Workflow,
  WorkflowPage,
  WorkflowQuery,
  WorkflowSummary,
} from './workflow.ts';
export { EdgePair, NodeDefaults, WorkflowDocument } from './workflow-document.ts';
export { workflowJsonSchema } from './workflow-json-schema.ts';
export {
  AgentNode,
  InterruptNode,
  RouteNode,
  SendNode,
  SubgraphNode,
  TaskNode,
  EndpointChoice,
  AgentTool,
  TransformNode,
  WaitNode,
  WorkflowNode,
} from './workflow-node.ts';
export type { NodeType } from './workflow-node.ts';
export {
  RunSummary,
  SubscriptionId,
  WS_PROTOCOL,
  WS_TENANT_PREFIX,
  WS_TOKEN_PREFIX,
  wsCloseCodes,
  WsEvent,
  WsFrame,
  WsRequest,
  WsSnapshot,
  WsTopic,
} from './ws.ts';
export type { Finding } from './finding.ts';
