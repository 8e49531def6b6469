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
