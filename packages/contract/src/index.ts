export { JsonRecord, JsonValue } from './json.ts';
export type { Json, JsonObject } from './json.ts';
export { DANGEROUS_KEYS, END, Label, NodeName, START, StateKeyName, Tags, WorkflowName } from './name.ts';
export { Budget, DurationMs, FailureMode, Join, MAX_MS, OnFailure, Priority, RetryPolicy } from './policy.ts';
export { Reducer, StateKey } from './state-key.ts';
export { EdgePair, NodeDefaults, WorkflowDocument } from './workflow-document.ts';
export {
  AgentNode,
  InterruptNode,
  RouteNode,
  SendNode,
  SubgraphNode,
  TaskNode,
  TransformNode,
  WaitNode,
  WorkflowNode,
} from './workflow-node.ts';
export type { NodeType } from './workflow-node.ts';
export { TaskError, Usage } from './error.ts';
