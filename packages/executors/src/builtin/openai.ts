import type { Json } from '@weft/contract';
import { JsonRecord, JsonValue } from '@weft/contract';
import { z } from 'zod';

import { openaiBaseUrl } from '../config.ts';
import { defineExecutor } from '../define.ts';
import type { Failure } from '../failure.ts';
import { aborted, failure, messageOf } from '../failure.ts';
import { followRedirects } from '../http/follow-redirects.ts';
import { networkFailure, statusFailure } from '../http/http-failure.ts';
import type { HttpRequest } from '../http/request.ts';
import { buildRequest, urlProblem } from '../http/request.ts';
import { withServerMessage } from '../openai/chat-failure.ts';
import { affordable, priced } from '../openai/chat-cost.ts';
import type { ChatInput } from '../openai/chat-input.ts';
import { chatBody, chatInput, chatUrl } from '../openai/chat-input.ts';
import { Completion } from '../openai/completion.ts';
import { readCompletion } from '../openai/read-completion.ts';

const SHOWN_CHARS = 2_000;

const output = z.strictObject({
  text: z.string(),
  message: JsonRecord,
  finishReason: z.string().nullable(),
  model: z.string().nullable(),
  value: JsonValue.exactOptional(),
});

export default defineExecutor({
  type: 'openai',
  reserves: true,
  description: 'Asks a model behind an OpenAI-compatible server for a chat completion.',
  input: chatInput,
  output,
  example: { baseUrl: 'http://127.0.0.1:11434/v1', model: 'small', prompt: 'Say hello.' },
  async run({ input: asked, signal, idempotencyKey, heartbeat, token, budget }) {
    const base = asked.baseUrl ?? openaiBaseUrl();
    const problem = urlProblem(base);
    if (problem !== undefined) return failure('bad_base_url', `WEFT_OPENAI_BASE_URL of the worker: ${problem}`);
    const input = await affordable(asked, budget);
    if ('kind' in input) return input;
    const request = chatRequest(input, chatUrl(base), idempotencyKey);
    const response = await send(request, signal);
    if (!(response instanceof Response)) return response;
    heartbeat();
    if (!response.ok) return withServerMessage(await statusFailure(request, response));
    const onText = (piece: string): void => token(piece, { model: input.model });
    const completion = await readCompletion(response, { signal, heartbeat, onText, maxBytes: input.maxBytes });
    const outcome = completion instanceof Completion ? settle(completion, input) : completion;
    if (outcome.usage === undefined) return outcome;
    const placed = { endpoint: new URL(base).host, model: input.model, why: {} };
    return { ...outcome, usage: priced(outcome.usage, input.model), placed };
  },
});

function chatRequest(input: ChatInput, url: URL, idempotencyKey: string): HttpRequest {
  const { apiKey, maxBytes } = input;
  const headers = {
    accept: 'text/event-stream, application/json',
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  };
  const json = chatBody(input, url);
  const fixed = { method: 'POST', query: {}, followRedirects: false } as const;
  return buildRequest({ ...fixed, url: url.href, headers, json, maxBytes }, idempotencyKey);
}

/** Redirects are answers here: a prompt and its key go nowhere else. */
async function send(request: HttpRequest, signal: AbortSignal): Promise<Response | Failure> {
  try {
    return await followRedirects(request, { follow: false, signal });
  } catch (error) {
    return signal.aborted ? aborted(signal) : networkFailure(request, error);
  }
}

function settle(completion: Completion, input: ChatInput) {
  const { text, message, finishReason, model, usage } = completion;
  const spent = usage === undefined ? {} : { usage };
  const failed = refusal(completion);
  if (failed !== undefined) return { ...failed, ...spent };
  const answer = { text, message, finishReason, model };
  if (!wantsValue(completion, input)) return { kind: 'succeeded' as const, output: answer, ...spent };
  try {
    const value: Json = JSON.parse(text);
    return { kind: 'succeeded' as const, output: { ...answer, value }, ...spent };
  } catch (error) {
    return { ...notJson(completion, messageOf(error)), ...spent };
  }
}

/** Why an answer that came to its end is none. */
function refusal({ begun, finishReason, text }: Completion): Failure | undefined {
  if (!begun) return failure('bad_response', 'The response has no choices', { retryable: true });
  const details = { text: text.slice(0, SHOWN_CHARS).toWellFormed() };
  if (finishReason === 'content_filter') {
    return failure('content_filter', 'The answer was withheld by a content filter', { details });
  }
  if (finishReason !== 'error') return undefined;
  return failure('model_error', 'The model broke off with an error', { retryable: true, details });
}

/** JSON was asked for, and it was neither refused nor replaced by a call of a tool. */
function wantsValue({ message }: Completion, { responseFormat }: ChatInput): boolean {
  return (responseFormat?.type ?? 'text') !== 'text' && message['content'] !== null;
}

/** Another attempt may do better, unless there is no room for the whole answer. */
function notJson({ finishReason, text }: Completion, why: string): Failure {
  return failure('invalid_json', `The answer is not JSON: ${why}`, {
    retryable: finishReason !== 'length',
    details: { finishReason, text: text.slice(0, SHOWN_CHARS).toWellFormed() },
  });
}
