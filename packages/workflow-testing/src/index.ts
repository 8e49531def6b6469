export type { Duration } from './duration.ts';
export { everyCrash, everyOrder } from './explore.ts';
export type { Ending, Exploration, Explored } from './explore.ts';
export { findTests, runTestFiles } from './files/run-files.ts';
export type { CaseReport, FailedCheck, FilesReport, RunFilesOptions } from './files/run-files.ts';
export type { WorkflowSource } from './load-workflow.ts';
export type { Difference } from './recording/compare.ts';
export { parseRecording, RECORDING_VERSION } from './recording/format.ts';
export type { Recording } from './recording/format.ts';
export { makeRecording } from './recording/make-recording.ts';
export type { RecordedRun } from './recording/make-recording.ts';
export { readRecording, replayRecording } from './recording/replay-recording.ts';
export type { Replayed, ReplayOptions } from './recording/replay-recording.ts';
export type { NodeScript } from './script/node-script.ts';
export type {
  CallContext,
  CallFunction,
  FailureOptions,
  ScriptedFailure,
  SuccessOptions,
  Timing,
} from './script/play.ts';
export { WorkflowTestError } from './test-error.ts';
export type { TestErrorCode } from './test-error.ts';
export type { Call } from './test-run/attempt.ts';
export type { LateReport } from './test-run/attempts.ts';
export type { WorkflowTestOptions } from './test-run/options.ts';
export type { AnswerOptions, OpenQuestion } from './test-run/questions.ts';
export type { RunResult, SettledTask, TaskResult, Waiting } from './test-run/result.ts';
export { testWorkflow } from './test-run/workflow-test.ts';
export type { ForkOptions, WorkflowTest } from './test-run/workflow-test.ts';
