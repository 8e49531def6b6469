/**
 * Tools of MCP servers. Which ones a server has is asked once in a conversation, by a run of its own, and stands in the memo; so
 * the agent's worker itself speaks with no server, and what was offered to the model stays the same for all turns.
 */
import type { AgentTool, Json, JsonObject, TaskError } from '@weft/contract';
import { JsonRecord } from '@weft/contract';
import { z } from 'zod';

import type { Tool } from '../protocol.ts';
import type { Conversation } from './conversation.ts';
import type { EndpointDeps } from './deps.ts';
import type { ListedTool, Memo } from './memo.ts';
import type { Settings } from './settings.ts';
import { asText } from './template-text.ts';

/** A model that is offered more chooses badly, and all of it is said anew in each turn. */
const MOST_TOOLS = 128;
const MOST_DESCRIPTION = 2000;
const MOST_SCHEMA = 20_000;
const NAME_CHARS = 64;
const AGAIN_MS = 1000;
const LIST_ATTEMPTS = 3;

type Server = NonNullable<AgentTool['mcp']>;

export type Listing =
  | { kind: 'listed'; memo: Memo }
  | { kind: 'running'; memo: Memo; afterMs: number }
  | { kind: 'failed'; error: TaskError };

/** Sees to it that the memo has the tools of each server. */
export async function listTools(deps: EndpointDeps, { call, settings, memo }: Conversation): Promise<Listing> {
  const listed = { ...memo.listed };
  const listing: Memo['listing'] = [];
  for (const [entry, { mcp }] of Object.entries(settings.tools)) {
    if (!mcp || listed[entry]) continue;
    const run =
      memo.listing.find((one) => one.entry === entry) ?? (await startListing(deps, call, { entry, server: mcp }));
    if ('error' in run) return unavailable(entry, run.error);
    const state = await deps.tools.look(call.tenant, run.runId);
    if (state.kind === 'running') listing.push(run);
    else if (state.error) return unavailable(entry, state.error);
    else listed[entry] = toolsIn(entry, mcp, state.output);
  }
  const next = { ...memo, listing, listed };
  return listing.length > 0 ? { kind: 'running', memo: next, afterMs: AGAIN_MS } : { kind: 'listed', memo: next };
}

/** Which tools of this entry the model may ask for. */
export function offeredOf({ listed }: Memo, entry: string): Tool[] {
  return (listed[entry] ?? []).map(({ name, description, parameters }) => ({ name, description, parameters }));
}

/** The node that calls the tool of this name; null: no server has one. */
export function offeredNode({ tools }: Settings, { listed }: Memo, name: string): JsonObject | null {
  for (const [entry, offered] of Object.entries(listed)) {
    const found = offered.find((one) => one.name === name);
    const server = tools[entry]?.mcp;
    if (found && server) return nodeOf(server, { tool: asText(found.tool), arguments: '${input}' });
  }
  return null;
}

async function startListing(
  deps: EndpointDeps,
  { tenant, runId, payer, taskId, idempotencyKey }: Conversation['call'],
  { entry, server }: { entry: string; server: Server },
) {
  const node = { ...nodeOf(server, { action: 'list', maxBytes: 4_194_304 }), retry: { maxAttempts: LIST_ATTEMPTS } };
  const started = await deps.tools.start({
    tenant,
    runId,
    payer,
    key: `tool:${idempotencyKey}:list:${entry}`,
    tags: [`tool:${entry}`, `agent:${taskId}`],
    work: { document: { name: `tools:${entry}`, nodes: { list: node } } },
    input: {},
  });
  return 'error' in started ? started : { entry, runId: started.runId };
}

/** The server as the document names it: its secrets stand in it by name, and are looked up where it is called. */
function nodeOf({ command, timeoutMs, url, cwd, env, headers }: Server, what: JsonObject): JsonObject {
  const texts = (given: Record<string, string | { secret: string }>): JsonObject =>
    Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, typeof value === 'string' ? asText(value) : value]),
    );
  const server = {
    ...(command && { command }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(url !== undefined && { url: asText(url) }),
    ...(cwd !== undefined && { cwd: asText(cwd) }),
    ...(env && { env: texts(env) }),
    ...(headers && { headers: texts(headers) }),
  };
  return { type: 'task', uses: 'mcp', with: { ...(JSON.parse(JSON.stringify(server)) as JsonObject), ...what } };
}

const list = z.object({
  tools: z.array(z.object({ name: z.string(), description: z.string(), inputSchema: JsonRecord })),
});

function toolsIn(entry: string, { tools: wanted }: Server, output: Json): ListedTool[] {
  const { tools } = list.parse(output);
  const names = new Set<string>();
  const offered = wanted ? tools.filter(({ name }) => wanted.includes(name)) : tools;
  return offered.slice(0, MOST_TOOLS).flatMap(({ name: tool, description, inputSchema }) => {
    const name = `${entry}_${tool}`.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, NAME_CHARS);
    const tooLarge = JSON.stringify(inputSchema).length > MOST_SCHEMA;
    if (names.has(name) || tooLarge) return [];
    names.add(name);
    return [
      { name, tool, description: description.slice(0, MOST_DESCRIPTION).toWellFormed(), parameters: inputSchema },
    ];
  });
}

function unavailable(entry: string, { code, message }: TaskError): Listing {
  const text = `the tools of the MCP server ${entry} cannot be listed: ${message}`;
  return {
    kind: 'failed',
    error: { code: 'mcp_tools_unavailable', message: text, retryable: false, details: { code } },
  };
}
