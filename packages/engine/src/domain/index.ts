export { diagramOf } from './graph/diagram.ts';
export { toDot } from './graph/dot.ts';
export { toMermaid } from './graph/mermaid.ts';
export { tellingStatuses } from './graph/telling-status.ts';
export type { Diagram, DiagramEdge, DiagramNode } from './graph/diagram.ts';
export { documentEdges, startNodes } from './graph/edges.ts';
export type { Edge, EdgeSource } from './graph/edges.ts';
export { loopEdges } from './graph/loops.ts';
export type { AmbiguousLoop, Loops } from './graph/loops.ts';
export { compileCondition } from './expression/condition.ts';
export type { Condition } from './expression/condition.ts';
export { ExpressionError } from './expression/expression-error.ts';
export type { ExpressionErrorCode } from './expression/expression-error.ts';
export { getPath, parsePath } from './expression/path.ts';
export type { Path } from './expression/path.ts';
export { resolveReference } from './expression/scope.ts';
export type { NodeError, NodeResult, Reference, ReferenceRoot, Scope } from './expression/scope.ts';
export { compileTemplate, compileUpdates } from './expression/template.ts';
export type { Template } from './expression/template.ts';
export { costOf, estimateCall, estimateTokens } from './budget/estimate.ts';
export type { Estimate } from './budget/estimate.ts';
export { priceOf } from './budget/price-table.ts';
export type { PriceTable } from './budget/price-table.ts';
export { cacheKey } from './cache-key.ts';
export { canonicalJson, contentHash } from './content-hash.ts';
export { checkEndpointUrl } from './endpoints/endpoint-url.ts';
export { makeUuidV7, runTimeRange, taskId, uuidTimeMs } from './ids.ts';
export { retryCapMs, retryDelayMs, roll } from './retry.ts';
export type { RetryTiming } from './retry.ts';
export { BadUpdate } from './state/bad-update.ts';
export { checkUpdate, isCommuting, isUnread, writeKind } from './state/check-update.ts';
export { isOverwrite } from './state/overwrite.ts';
export { jsonPatch } from './state/json-patch.ts';
export type { PatchOperation } from './state/json-patch.ts';
export { applyWrite, channelValue, defaultOf, foldChannel } from './state/reducer.ts';
export { nodeOf, ownerOf, parseTaskKey, placeOf, rootOf, taskKey } from './task-key.ts';
export type { TaskKeySegment } from './task-key.ts';
export { keptIn } from './outcome/kept-output.ts';
export { cleanJson } from './outcome/clean.ts';
export type { Cleaned, CleanFailure, CleanLimits } from './outcome/clean.ts';
export { closureOf, compileGraph } from './graph/graph.ts';
export { priorityLevel, priorityName } from './graph/priority.ts';
export type { Graph, GraphNode, ResolvedRetry } from './graph/graph.ts';
export { joinVerdict } from './graph/join.ts';
export { decide, failForEngineError, startRun } from './run/decide.ts';
export type { AttemptRef, RunEvent, Verdict } from './run/decide.ts';
export { outputOfFinals } from './run/end-run.ts';
export type { Misfit, Move, WrittenKey } from './migrate/misfit.ts';
export { misfits } from './migrate/misfits.ts';
export { isStale, iterationOf, keyOfNode } from './run/iterations.ts';
export { emptyProgress, applyStep, foldJournal } from './run/journal.ts';
export type {
  Facts,
  FoldStep,
  Migration,
  Progress,
  StepRecord,
  StepType,
  TaskFact,
  TaskProgress,
} from './run/journal.ts';
export { partOfNext, sendsAt } from './run/branch/branch-point.ts';
export type { Branch, BranchPoint, Failure } from './run/records.ts';
export { forkRun } from './run/branch/fork-run.ts';
export { copyFold, emptyFold, foldedTask, foldStep } from './run/fold.ts';
export type { FoldedRun, FoldedTask } from './run/fold.ts';
export { pastFailure } from './run/letters/past-failure.ts';
export type { LetterRef, LettersRequest } from './run/letters/take-letters.ts';
export { CHUNK_ITEMS } from './run/send-items.ts';
export { pathOf } from './run/step-path.ts';
export type { BranchStep, StepRange } from './run/step-path.ts';
export { emptyParts, freshHead, freshTask } from './run/fresh.ts';
export { addSettleReads, firstKey, itemsKey, mergeReads, noReads } from './run/reads.ts';
export { LIVE_TASK, TERMINAL_RUN } from './run/records.ts';
export type {
  ChannelRecord,
  ChannelWrite,
  Decision,
  Fate,
  ItemChunk,
  JoinRecord,
  Jumps,
  KeptMail,
  Letter,
  Mail,
  MailKind,
  Priority,
  Reads,
  RunHead,
  RunParent,
  RunSnapshot,
  RunStatus,
  SentMail,
  TaskDetail,
  TaskRecord,
  TaskStatus,
  TimerKind,
  TimerRecord,
  UsageRecord,
  Waits,
  WorkflowRef,
} from './run/records.ts';
export { literalFields } from './literal-fields.ts';
export type { ValidationEnv } from './validate/check-nodes.ts';
export { unsupportedRunFields } from './validate/check-unsupported.ts';
export type { DocumentIssue } from './validate/document-issue.ts';
export { arrive, arriveTogether } from './limits/gcra.ts';
export { isLimiting, speaksFor } from './limits/limit.ts';
export type { Limit, Rate } from './limits/limit.ts';
export { closest } from './validate/closest.ts';
export { validateDocument } from './validate/validate-document.ts';
export type { DocumentValidation } from './validate/validate-document.ts';
export { checkInput } from './graph/input-schema.ts';
export type { InputError } from './graph/input-schema.ts';

export { isBefore, laterOf, parsePlace, placeText, START } from './place.ts';
export type { Place } from './place.ts';
export { LoadLaw } from './load/load-law.ts';
export { CALM, isAtLeast, nextZone, ZONES } from './load/zone.ts';
export type { Zone } from './load/zone.ts';
export * as endpointMetering from './endpoints/metering.ts';
export type { CredentialState, EndpointState, MeterRules, MeterSight, MeterState } from './endpoints/metering.ts';
export type { CallTicket } from './endpoints/call.ts';
export { chooseEndpoints, tellChoice } from './endpoints/choose-endpoints.ts';
export type { ChoiceRequest } from './endpoints/choice-request.ts';
export type { Choice, ChoiceOptions } from './endpoints/choose-endpoints.ts';
export { AGENT_EXECUTOR, ENDPOINT_EXECUTOR } from './graph/prompted.ts';
export { decideScaling, SCALING_RULES } from './scaling/decide-scaling.ts';
export type { ScalingMemory, ScalingRules, ScalingVerdict } from './scaling/decide-scaling.ts';
export { instantsBetween, nextInstants } from './schedules/instants.ts';
export { MOST_WAITING } from './schedules/overlap.ts';
export { freshFire } from './schedules/records.ts';
export type { FireReason, FireRecord, ScheduleDefinition, ScheduleRecord } from './schedules/records.ts';
export { tickSchedule } from './schedules/tick-schedule.ts';
export type { ScheduleSight, ScheduleTick } from './schedules/tick-schedule.ts';
export { openTimetable, timetableOf } from './schedules/timetable.ts';
export type { Timetable } from './schedules/timetable.ts';
