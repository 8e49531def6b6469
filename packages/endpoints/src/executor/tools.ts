/** Tools of an agent: each call is a run of its own, with its own tasks, retries and journal. */
import type { AgentTool, Json, JsonObject, TaskError } from '@weft/contract';
import { isObject } from '@weft/contract';

import type { ChatMessage, Tool, ToolCall } from '../protocol.ts';
import type { Conversation } from './conversation.ts';
import type { EndpointDeps, ToolRequest } from './deps.ts';
import { offeredNode, offeredOf } from './mcp-tools.ts';
import type { Memo } from './memo.ts';
import type { Settings } from './settings.ts';
import { asText } from './template-text.ts';

/** How long an attempt waits in its slot for tools, and how often it looks. */
const HOLD_MS = 5000;
const LOOK_MS = 100;
/** Out of its slot it waits so long before it looks once more. */
const AGAIN_MS = 2000;
const MOST_CHARS = 100_000;
/** What is asked for beyond these in one turn is not begun, and the model hears so. */
const MOST_CALLS = 64;

export function askedTools({ tools }: Settings, memo: Memo): Tool[] {
  return Object.entries(tools).flatMap(([name, { description, parameters = { type: 'object' }, mcp }]) => {
    if (mcp) return offeredOf(memo, name);
    return [{ name, parameters, ...(description !== undefined && { description }) }];
  });
}

/** Starts what was asked for; what cannot be started is answered at once. */
export async function startTools(
  deps: EndpointDeps,
  { call, settings }: Conversation,
  { memo, calls }: { memo: Memo; calls: readonly ToolCall[] },
): Promise<Memo> {
  const runs: Memo['runs'] = [];
  const answers: ChatMessage[] = [];
  for (const [index, asked] of calls.entries()) {
    if (index >= MOST_CALLS) {
      answers.push(answerOf(asked.id, { output: null, error: TOO_MANY }));
      continue;
    }
    const work = workOf(settings, memo, asked);
    const started = work
      ? await deps.tools.start(requestOf(call, { asked, work, turn: memo.turns }))
      : { error: unknownTool(asked.name, askedTools(settings, memo)) };
    if ('runId' in started) runs.push({ callId: asked.id, tool: asked.name, runId: started.runId });
    else answers.push(answerOf(asked.id, { output: null, error: started.error }));
  }
  return { ...memo, runs, messages: [...memo.messages, ...(answers as Memo['messages'])] };
}

const TOO_MANY: TaskError = {
  code: 'too_many_tool_calls',
  message: `at most ${MOST_CALLS} tools may be asked for in one turn`,
  retryable: false,
};

function unknownTool(name: string, tools: readonly Tool[]): TaskError {
  const message = `there is no tool ${name}; there are ${tools.map((tool) => tool.name).join(', ') || 'none'}`;
  return { code: 'unknown_tool', message, retryable: false };
}

type Work = Pick<ToolRequest, 'work' | 'input'>;

function requestOf(
  { tenant, runId, payer, taskId, idempotencyKey }: Conversation['call'],
  { asked, work, turn }: { asked: ToolCall; work: Work; turn: number },
): ToolRequest {
  const key = `tool:${idempotencyKey}:${turn}:${asked.id}`;
  return { tenant, runId, payer, key, tags: [`tool:${asked.name}`.slice(0, 200), `agent:${taskId}`], ...work };
}

/** What carries out the call; null: there is no such tool. */
function workOf(settings: Settings, memo: Memo, { name, arguments: given }: ToolCall): Work | null {
  const tool = Object.hasOwn(settings.tools, name) ? settings.tools[name] : undefined;
  if (tool?.workflow !== undefined) return { work: { workflow: tool.workflow }, input: given };
  if (tool && !tool.mcp) {
    return { work: { document: { name: `tool:${name}`, nodes: { call: nodeOf(tool) } } }, input: inputOf(tool, given) };
  }
  const node = offeredNode(settings, memo, name);
  return node && { work: { document: { name: `tool:${name}`, nodes: { call: node } } }, input: given };
}

/** Arguments come from a model: they are data, whatever they look like. */
function inputOf({ with: fixed = {} }: AgentTool, given: Json): Json {
  return isObject(fixed) && isObject(given) ? { ...given, ...fixed } : given;
}

/** The same for all calls of a tool, so that they share one version. */
function nodeOf({ uses, prompt, tags, endpoint }: AgentTool): JsonObject {
  if (prompt !== undefined) {
    return {
      type: 'task',
      prompt: `${asText(prompt)}\n\n{{ input }}`,
      ...(tags && { tags }),
      ...(endpoint && { endpoint: asJson(endpoint) }),
    };
  }
  return { type: 'task', uses: uses ?? '', with: '${input}' };
}

function asJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

export type Followed = { kind: 'ended'; memo: Memo } | { kind: 'running'; memo: Memo; afterMs: number };

/** Waits a while for the tools that are under way. */
export async function followTools(deps: EndpointDeps, { call, memo }: Conversation): Promise<Followed> {
  const until = deps.clock.monotonicMs() + HOLD_MS;
  let { runs } = memo;
  const messages = [...memo.messages];
  while (runs.length > 0) {
    const looks = await Promise.all(
      runs.map(async (run) => ({ run, state: await deps.tools.look(call.tenant, run.runId) })),
    );
    for (const { run, state } of looks) {
      if (state.kind === 'ended') messages.push(answerOf(run.callId, state) as Memo['messages'][number]);
    }
    runs = looks.filter(({ state }) => state.kind === 'running').map(({ run }) => run);
    if (runs.length === 0) break;
    if (call.signal.aborted || deps.clock.monotonicMs() >= until) {
      if (call.signal.reason === 'cancelled')
        await Promise.all(runs.map(({ runId }) => deps.tools.cancel(call.tenant, runId)));
      return { kind: 'running', memo: { ...memo, runs, messages }, afterMs: AGAIN_MS };
    }
    call.heartbeat();
    await pause(LOOK_MS, call.signal);
  }
  return { kind: 'ended', memo: { ...memo, runs, messages } };
}

function answerOf(callId: string, { output, error }: { output: Json; error: TaskError | null }): ChatMessage {
  const said: Json = error ? { error: { code: error.code, message: error.message } } : output;
  const text = typeof said === 'string' ? said : JSON.stringify(said);
  return { role: 'tool', toolCallId: callId, content: text.slice(0, MOST_CHARS) };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
