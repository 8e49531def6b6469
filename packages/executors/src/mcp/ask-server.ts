/** One request to an MCP server. */
import type { Json, JsonObject } from '@weft/contract';
import { checkInput } from '@weft/engine/domain';
import type { ExecutorCall } from '@weft/engine/ports';

import type { Failure } from '../failure.ts';
import { aborted, failure } from '../failure.ts';
import { tooLarge } from '../http/http-failure.ts';
import type { McpInput } from './mcp-input.ts';
import { mcpTrouble } from './mcp-failure.ts';
import type { McpServer, McpTool } from './mcp-server.ts';
import { borrow } from './warm-servers.ts';

const SHOWN_CHARS = 2000;
const SHOWN_NAMES = 50;

export type ToolAnswer = { text: string; structured: Json; content: Json[] };
export type ToolList = { tools: { name: string; description: string; inputSchema: JsonObject }[] };

type Asking = Pick<ExecutorCall, 'signal' | 'heartbeat' | 'tenant'>;

/** Calls the tool, or lists what tools there are. Never throws. */
export async function askServer(input: McpInput, asking: Asking): Promise<ToolAnswer | ToolList | Failure> {
  const lease = borrow(asking.tenant, input);
  let isBroken = false;
  try {
    const server = await untilAborted(lease.opened, asking.signal);
    const answer = input.action === 'list' ? await list(server, input, asking) : await call(server, input, asking);
    if (!('kind' in answer) && Buffer.byteLength(JSON.stringify(answer)) > input.maxBytes)
      return tooLarge(input.maxBytes);
    return answer;
  } catch (error) {
    if (asking.signal.aborted) return aborted(asking.signal);
    const trouble = mcpTrouble(error, lease.started());
    isBroken = trouble.isBroken;
    return trouble.failure;
  } finally {
    lease.giveBack(isBroken);
  }
}

async function list(server: McpServer, { timeoutMs }: McpInput, { signal }: Asking): Promise<ToolList> {
  const tools = await server.tools(signal, timeoutMs);
  return { tools: tools.map(({ name, description = '', inputSchema }) => ({ name, description, inputSchema })) };
}

async function call(server: McpServer, input: McpInput, { signal, heartbeat }: Asking): Promise<ToolAnswer | Failure> {
  const { timeoutMs, arguments: given, tool: name = '' } = input;
  const tool = await toolOf(server, name, () => server.tools(signal, timeoutMs));
  if ('kind' in tool) return tool;
  const wrong = checkInput(tool.inputSchema, given);
  if (wrong.length > 0) return misfit(name, wrong);
  const onprogress = ({
    progress,
    total,
    message,
  }: {
    progress: number;
    total?: number | undefined;
    message?: string | undefined;
  }): void => heartbeat({ progress, ...(total !== undefined && { total }), ...(message !== undefined && { message }) });
  const options = { signal, timeout: timeoutMs, resetTimeoutOnProgress: true, onprogress };
  const result = await server.client.callTool({ name, arguments: given }, options);
  const answer = answerOf(result);
  if (result.isError !== true) return answer;
  return failure('tool_failed', `The tool ${name} failed: ${answer.text.slice(0, SHOWN_CHARS)}`);
}

/** A tool that is not there may be new. */
async function toolOf(server: McpServer, name: string, tools: () => Promise<McpTool[]>): Promise<McpTool | Failure> {
  const find = async (): Promise<McpTool | undefined> => (await tools()).find((tool) => tool.name === name);
  const known = await find();
  if (known) return known;
  server.forgetTools();
  const found = await find();
  if (found) return found;
  const names = (await tools()).map((tool) => tool.name).slice(0, SHOWN_NAMES);
  return failure('unknown_tool', `The MCP server has no tool "${name}"; it has ${names.join(', ') || 'none'}`);
}

function misfit(name: string, wrong: { pointer: string; message: string }[]): Failure {
  const errors = wrong
    .slice(0, 20)
    .map(({ pointer, message }) => ({ pointer: pointer.replace(/^\/input/, '/arguments'), message }));
  const [first] = errors;
  return failure(
    'invalid_input',
    `The tool ${name} does not take these arguments: ${first?.pointer}: ${first?.message}`,
    {
      details: { errors },
    },
  );
}

function answerOf(result: { content?: unknown; structuredContent?: unknown }): ToolAnswer {
  const content = (Array.isArray(result.content) ? result.content : []) as Json[];
  const texts = content.flatMap((part) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part) || part['type'] !== 'text') return [];
    return typeof part['text'] === 'string' ? [part['text']] : [];
  });
  return { text: texts.join('\n'), structured: (result.structuredContent ?? null) as Json, content };
}

/** Others may wait for the same server: it goes on starting. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new Error('aborted'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
