export { hedge } from './executor-parts/hedge.ts';
export type { Hedged, HedgedCalls, HedgeOptions } from './executor-parts/hedge.ts';
export { createHttpProber } from './http-prober.ts';
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
export { createMeshTools } from './executor/mesh-tools.ts';
