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
export { createProtocols } from './protocols/create-protocols.ts';
export type { ProtocolsOptions } from './protocols/create-protocols.ts';
