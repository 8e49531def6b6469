import type { Json } from '@weft/contract';
import { JsonRecord, JsonValue } from '@weft/contract';
import { z } from 'zod';

import { openaiBaseUrl } from '../config.ts';
import { defineExecutor } from '../define.ts';
import type { Failure } from '../failure.ts';
import { failure, messageOf } from '../failure.ts';
import { urlProblem } from '../http/request.ts';
import { askModel } from '../openai/ask-model.ts';
import { affordable, priced } from '../openai/chat-cost.ts';
import type { ChatInput } from '../openai/chat-input.ts';
import { chatInput, chatUrl } from '../openai/chat-input.ts';
import { Completion } from '../openai/completion.ts';

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
    const onText = (piece: string): void => token(piece, { model: input.model });
    const completion = await askModel(input, chatUrl(base), { signal, idempotencyKey, heartbeat, onText });
    const outcome = completion instanceof Completion ? settle(completion, input) : completion;
    if (outcome.usage === undefined) return outcome;
    const placed = { endpoint: new URL(base).host, model: input.model, why: {} };
    return { ...outcome, usage: priced(outcome.usage, input.model), placed };
  },
});

function settle(completion: Completion, input: ChatInput) {
  const { text, message, finishReason, model, usage } = completion;
  const spent = usage === undefined ? {} : { usage };
  const answer = { text, message, finishReason, model };
  if (!wantsValue(completion, input)) return { kind: 'succeeded' as const, output: answer, ...spent };
  try {
    const value: Json = JSON.parse(text);
    return { kind: 'succeeded' as const, output: { ...answer, value }, ...spent };
  } catch (error) {
    return { ...notJson(completion, messageOf(error)), ...spent };
  }
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
