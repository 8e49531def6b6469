import type { JsonObject } from '@weft/contract';
import { JsonRecord } from '@weft/contract';
import { askModel } from '@weft/executors/openai/ask-model';
import type { ChatInput } from '@weft/executors/openai/chat-input';
import { chatInput, chatUrl } from '@weft/executors/openai/chat-input';
import { Completion } from '@weft/executors/openai/completion';
import { z } from 'zod';

import type { ChatMessage, ProtocolCall, ProtocolClient, ProtocolResult, Tool } from '../protocol.ts';
import { answerOf, givenText } from './answer.ts';
import { credentials } from './http/endpoint-request.ts';
import { httpOptions } from './http/http-options.ts';
import { checkHttpUrl } from './http/http-url.ts';
import { probeHttp } from './http/probe-http.ts';
import { learnFrom } from './http/rate-limit-headers.ts';
import { refused } from './http/refused.ts';
import { optionsProblem } from './options.ts';
import type { Answered, Failed, Learned } from './result.ts';
import { failed, withLearned, withUsage } from './result.ts';
import { toolCallsOf } from './tool-calls.ts';

/** What `chatInput` allows at most. */
const MAX_BYTES = 2_097_152;
const COMPLETIONS = /\/chat\/completions\/?$/;

const options = z.strictObject({
  ...httpOptions,
  stream: z.boolean().default(true),
  temperature: z.number().min(0).max(2).optional(),
  stop: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  system: z.string().optional().meta({ description: 'Said before every conversation' }),
  structuredOutput: z
    .enum(['json_schema', 'json_object', 'none'])
    .default('json_schema')
    .meta({ description: 'How a schema for the answer is told to the server' }),
  strictSchema: z.boolean().optional().meta({ description: 'Whether the server is to hold the model to the schema' }),
  extra: JsonRecord.default({}).meta({ description: 'Further fields of the request' }),
});

/** A model behind an OpenAI-compatible server; the URL is its base (`.../v1`), or that of its completions. */
export function openaiChatClient(): ProtocolClient {
  return {
    protocol: 'openai_chat',
    checkUrl: checkHttpUrl,
    checkOptions: (given) => optionsProblem(options, given),
    call,
    probe: probeHttp,
    close: async () => undefined,
  };
}

async function call(request: ProtocolCall): Promise<ProtocolResult> {
  const { target, signal, idempotencyKey } = request;
  const input = inputOf(request);
  if ('kind' in input) return input;
  const credential = credentials(target);
  if (credential.kind === 'failed') return credential;
  let learned: Learned = {};
  const completion = await askModel(input, completionsUrl(target.url), {
    signal,
    idempotencyKey,
    headers: credential.headers,
    heartbeat: () => request.heartbeat(),
    onText: (piece) => request.token(piece),
    onResponse: ({ headers }) => void (learned = learnFrom(headers, Date.now())),
  });
  if (completion instanceof Completion) return withLearned(answerIn(completion, request), learned);
  return withLearned(refused(completion, target), learned);
}

function inputOf({
  target,
  messages,
  tools,
  outputSchema,
  maxOutputTokens,
  maxBytes,
}: ProtocolCall): ChatInput | Failed {
  if (target.model === null) {
    const message = `The endpoint ${target.name} names no model, which openai_chat needs`;
    return failed('unknown_model', message, { isFault: true });
  }
  const { stream, temperature, stop, system, structuredOutput, strictSchema, extra } = options.parse(target.options);
  const said: readonly ChatMessage[] =
    system === undefined ? messages : [{ role: 'system', content: system }, ...messages];
  const wanted = {
    model: target.model,
    messages: said.map(messageOf),
    stream,
    temperature,
    stop,
    extra,
    maxTokens: maxOutputTokens ?? undefined,
    tools: tools.length === 0 ? undefined : tools.map(toolOf),
    responseFormat: outputSchema === null ? undefined : formatOf(structuredOutput, outputSchema, strictSchema),
    maxBytes: Math.min(maxBytes, MAX_BYTES),
  };
  const parsed = chatInput.safeParse(wanted);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return failed('invalid_input', `The request cannot be sent: ${issue?.path.join('.')}: ${issue?.message}`);
}

function messageOf({ role, content, toolCalls, toolCallId }: ChatMessage): JsonObject {
  const calls = (toolCalls ?? []).map(({ id, name, arguments: given }) => ({
    id,
    type: 'function',
    function: { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) },
  }));
  return {
    role,
    content,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  };
}

function toolOf({ name, description, parameters }: Tool): JsonObject {
  return { type: 'function', function: { name, ...(description === undefined ? {} : { description }), parameters } };
}

function formatOf(how: 'json_schema' | 'json_object' | 'none', schema: JsonObject, strict: boolean | undefined) {
  if (how === 'none') return undefined;
  if (how === 'json_object') return { type: how };
  return { type: how, json_schema: { name: 'answer', schema, ...(strict === undefined ? {} : { strict }) } };
}

function answerIn(completion: Completion, { outputSchema }: ProtocolCall): Answered | Failed {
  const { text, message, model, usage } = completion;
  const toolCalls = toolCallsOf(completion);
  const refusal = message['refusal'];
  if (text === '' && toolCalls.length === 0) {
    const empty =
      typeof refusal === 'string'
        ? failed('model_refused', `The model refuses: ${refusal}`)
        : failed('missing_output', `The answer is empty (${completion.finishReason ?? 'no reason given'})`, {
            retryable: true,
            isFault: true,
          });
    return withUsage(empty, usage);
  }
  const given = { ...givenText(text), ...(toolCalls.length === 0 ? {} : { toolCalls }) };
  // What follows a schema is data, whatever its fields are called.
  const answer = outputSchema === null ? answerOf(given) : ({ kind: 'answered', ...given } as const);
  return withUsage(answer.kind === 'answered' && model !== null ? { ...answer, model } : answer, usage);
}

function completionsUrl(text: string): URL {
  const url = new URL(text);
  return COMPLETIONS.test(url.pathname) ? url : chatUrl(text);
}
