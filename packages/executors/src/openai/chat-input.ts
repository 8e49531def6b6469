import type { JsonObject } from '@weft/contract';
import { JsonRecord, JsonValue } from '@weft/contract';
import { z } from 'zod';

import { urlProblem } from '../http/request.ts';

const MIB = 1_048_576;

/** What Weft itself decides; anything else of the protocol may stand in `extra`. */
const OWN_FIELDS = new Set(['model', 'messages', 'stream', 'stream_options', 'n', 'temperature', 'stop'])
  .add('response_format')
  .add('tools')
  .add('tool_choice');

/** `id` is what the reducer `add_messages` gives a message; it is not sent. */
const message = z.strictObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), z.array(JsonRecord), z.null()], 'expected text, a list of parts, or null').optional(),
  name: z.string().min(1).optional(),
  refusal: z.string().nullable().optional(),
  tool_calls: z.array(JsonRecord).optional(),
  tool_call_id: z.string().min(1).optional(),
  id: z.union([z.string(), z.number()]).optional(),
});

const responseFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({ type: z.literal('json_schema'), json_schema: JsonRecord }),
]);

const baseUrl = z.string().superRefine((text, context) => {
  const problem = urlProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, input: text });
});

/** The input of the `openai` executor. */
export const chatInput = z
  .strictObject({
    baseUrl: baseUrl.optional(),
    apiKey: z
      .string()
      .regex(/^[!-~]+$/, 'a key has visible ASCII characters only')
      .optional(),
    model: z.string().min(1),
    fallbackModels: z.array(z.string().min(1)).max(10).optional(),
    prompt: z.string().min(1).optional(),
    messages: z.array(message).min(1).optional(),
    temperature: z.number().min(0).max(2).optional(),
    maxTokens: z.int().min(1).optional(),
    stop: z.union([z.string(), z.array(z.string()).min(1)], 'expected text or a list of texts').optional(),
    responseFormat: responseFormat.optional(),
    tools: z.array(JsonRecord).min(1).optional(),
    toolChoice: JsonValue.optional(),
    extra: z
      .record(
        z.string().refine((name) => !OWN_FIELDS.has(name), 'this field has an input of its own, or is not yours'),
        JsonValue,
      )
      .default({}),
    stream: z.boolean().default(true),
    maxBytes: z
      .int()
      .min(1)
      .max(2 * MIB)
      .default(MIB),
  })
  .superRefine(({ prompt, messages }, context) => {
    if ((prompt === undefined) !== (messages === undefined)) return;
    const path = [prompt === undefined ? 'prompt' : 'messages'];
    context.addIssue({ code: 'custom', path, message: 'exactly one of prompt and messages is needed' });
  });

export type ChatInput = z.output<typeof chatInput>;

/** All text that is sent, for an estimate of its tokens. */
export function chatTexts({ prompt = '', messages, tools = [] }: ChatInput): string[] {
  const texts = messages?.map((sent) => JSON.stringify(sent)) ?? [prompt];
  return [...texts, ...tools.map((tool) => JSON.stringify(tool))];
}

/** The body of the request as the protocol has it. */
export function chatBody(input: ChatInput, url: URL): JsonObject {
  const { model, temperature, stop, tools, toolChoice, stream, extra } = input;
  return {
    model,
    messages: messagesOf(input),
    ...defined({ temperature, stop, tools, tool_choice: toolChoice, response_format: input.responseFormat }),
    ...(input.maxTokens === undefined ? {} : { [maxTokensField(url)]: input.maxTokens }),
    stream,
    ...(stream ? { stream_options: { include_usage: true } } : {}),
    ...extra,
  };
}

/** Below the base, whose path may end in a slash and whose query is kept. */
export function chatUrl(base: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/chat/completions`;
  return url;
}

function messagesOf({ prompt, messages }: ChatInput): JsonObject[] {
  if (messages === undefined) return [{ role: 'user', content: prompt ?? '' }];
  return messages.map((sent) => defined({ ...sent, id: undefined }));
}

/** OpenAI's newer models refuse the old name, most other servers know no other. */
function maxTokensField(url: URL): string {
  return url.hostname === 'api.openai.com' ? 'max_completion_tokens' : 'max_tokens';
}

function defined(fields: Record<string, JsonObject[string] | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter((entry) => entry[1] !== undefined)) as JsonObject;
}
