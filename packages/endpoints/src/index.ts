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
