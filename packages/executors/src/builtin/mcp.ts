import { JsonRecord, JsonValue } from '@weft/contract';
import { z } from 'zod';

import { defineExecutor } from '../define.ts';
import { askServer } from '../mcp/ask-server.ts';
import { mcpInput } from '../mcp/mcp-input.ts';

const answer = z.strictObject({ text: z.string(), structured: JsonValue, content: z.array(JsonValue) });
const list = z.strictObject({
  tools: z.array(z.strictObject({ name: z.string(), description: z.string(), inputSchema: JsonRecord })),
});

export default defineExecutor({
  type: 'mcp',
  description: 'Calls a tool of an MCP server, or lists the tools that it has.',
  input: mcpInput,
  output: z.union([answer, list]),
  example: { command: ['npx', '-y', '@example/tickets-mcp'], tool: 'find_ticket', arguments: { id: 42 } },
  async run({ input, signal, heartbeat, tenant }) {
    const answered = await askServer(input, { signal, heartbeat, tenant });
    return 'kind' in answered ? answered : { kind: 'succeeded', output: answered };
  },
});
