export { createMemoryArtifactStore } from './artifacts/memory-artifact-store.ts';
export { createMemoryArtifactIndex } from './artifacts/memory-artifact-index.ts';
export { ARTIFACT_LIMITS, createArtifacts } from './artifacts/artifacts.ts';
export type { ArtifactDeps, ArtifactLimits, Artifacts, OpenedArtifact } from './artifacts/artifacts.ts';
export { callArtifacts } from './artifacts/call-artifacts.ts';
export { collectArtifacts } from './artifacts/collect-artifacts.ts';
export { awaitRunEnd } from './queries/await-run-end.ts';
export { diffCheckpoints } from './queries/checkpoints/diff-checkpoints.ts';
export type { DiffRequest } from './queries/checkpoints/diff-checkpoints.ts';
export { listCheckpoints } from './queries/checkpoints/list-checkpoints.ts';
export { viewCheckpoint } from './queries/checkpoints/view-checkpoint.ts';
export { compareRuns } from './queries/compare/compare-runs.ts';
export { explainTask } from './queries/explain-task.ts';
export { toInstant, toInstantOrNull } from './queries/instant.ts';
export { listDeadLetters, viewDeadLetter } from './queries/dead-letters.ts';
export { listInterrupts } from './queries/list-interrupts.ts';
export { listLanes } from './queries/list-lanes.ts';
export { listBudgets, viewCosts } from './queries/view-costs.ts';
export { listKeyLimits, listTenants, viewTenant } from './queries/view-limits.ts';
export { listEndpoints, viewEndpoint } from './queries/view-endpoints.ts';
export { EndpointBook } from './endpoints/endpoint-book.ts';
export { meteredEndpoint } from './endpoints/metered-endpoint.ts';
export type { EndpointCommands } from './endpoints/endpoint-commands.ts';
export type { SyncedEndpoints } from './endpoints/sync-endpoints.ts';
export { viewCircuits, viewEmergency, viewMeshMetrics } from './queries/view-mesh.ts';
export {
  listFires,
  listSchedules,
  nextOfSchedule,
  previewSchedule,
  toFire,
  viewSchedule,
} from './queries/view-schedules.ts';
export type { ScheduleCommands } from './schedules/commands.ts';
export type { Scheduler } from './schedules/scheduler.ts';
export { viewScaling } from './queries/view-scaling.ts';
export { eventOf, judge } from './scaling/judge.ts';
export type { Judgement } from './scaling/judge.ts';
export { runOutput } from './queries/run-output.ts';
export { listRunSummaries } from './queries/list-run-summaries.ts';
export { listRuns } from './queries/list-runs.ts';
export { listSteps } from './queries/list-steps.ts';
export { drawRun } from './queries/draw-run.ts';
export { listTasks } from './queries/list-tasks.ts';
export type { TaskPlace } from './queries/list-tasks.ts';
export { listWorkers, toWorker } from './queries/list-workers.ts';
export type { QueryDeps } from './queries/query-deps.ts';
export { createRunStreams } from './queries/run-events.ts';
export type { RunStreams, StreamItem } from './queries/run-stream.ts';
export { viewFreshRun, viewRun } from './queries/view-run.ts';
export { viewTask } from './queries/view-task.ts';
export { createEngine } from './create-engine.ts';
export { decideRun, planOf } from './decide-run.ts';
export type { RunningEngine } from './create-engine.ts';
export type { EngineDeps } from './deps.ts';
export type { Engine, StartRequest, StartResult } from './engine.ts';
export { createGraphCache, loadIfThere } from './graph-cache.ts';
export type { GraphCache } from './graph-cache.ts';
export { startChild } from './start-children.ts';
export type { RunToStart } from './start-runs.ts';
export { createSteering } from './steer-runs.ts';
export type { Steering } from './steer-runs.ts';
export { AttemptVoice } from './worker/attempt-voice.ts';
export type { VoiceParts } from './worker/attempt-voice.ts';
export { stoppedOutcome } from './worker/attempt-time.ts';
export { callExecutor } from './worker/call-executor.ts';
export { renderInput } from './worker/render-input.ts';
export { repeat } from './repeat.ts';
export { recoverWithin } from './recover-within.ts';
export type { Repairs, Sweeper, SweeperSettings } from './sweeper.ts';
export type { Settler } from './settler.ts';
export { createWorker } from './worker/worker.ts';
export type { Leave, Worker } from './worker/worker.ts';
export type { WorkerDeps, WorkerOptions } from './worker/worker-options.ts';
export { WINDOW } from './admission.ts';
