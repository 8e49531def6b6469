export { createPushHints } from './push-hints.ts';
export type { PushAddress, PushHints } from './push-hints.ts';
export { createProtocolProber } from './protocol-prober.ts';
export { createProtocolRules } from './protocol-rules.ts';
export type {
  CallTarget,
  ChatMessage,
  Probe,
  ProtocolCall,
  ProtocolClient,
  ProtocolResult,
  Tool,
  ToolCall,
} from './protocol.ts';
export type { EndpointDeps, ToolRequest, ToolRun, ToolRunner } from './executor/deps.ts';
export { createEndpointExecutors } from './executor/executors.ts';
export { letGoOfCancelled } from './executor/let-go.ts';
export { createMeshTools } from './executor/mesh-tools.ts';
export { createProtocols } from './protocols/create-protocols.ts';
export type { ProtocolsOptions } from './protocols/create-protocols.ts';
