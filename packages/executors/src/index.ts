export { defineExecutor } from './define.ts';
export type { CheckedCall, ExecutorDefinition } from './define.ts';
export type { Handler, HandlerContext } from './handler-executor.ts';
export { HandlersFileError, loadHandlers } from './handlers.ts';
export type { HandlersFileErrorCode } from './handlers.ts';
export { ExecutorFileError, executorTypes, loadExecutors } from './load.ts';
export { redact, redactOutcome, redactText } from './redact.ts';
export { resolveSecrets } from './secrets.ts';
export type { Environment, ResolvedInput } from './secrets.ts';
