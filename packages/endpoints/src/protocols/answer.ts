/** The rules by which answers of workers are read, whichever protocol brought them. */
import type { Json, JsonObject } from '@weft/contract';
import { isObject } from '@weft/contract';
import { Completion, parseChunk } from '@weft/executors/openai/completion';
import { MAX_RETRY_AFTER_MS } from '@weft/executors/http/retry-after';
import { parseJson } from '@weft/executors/openai/parse-json';
import { z } from 'zod';

import type { ToolCall } from '../protocol.ts';
import type { Control } from './control.ts';
import { controlIn, isControl } from './control.ts';
import type { Answered, Failed } from './result.ts';
import { failed, withUsage } from './result.ts';
import { toolCallsOf } from './tool-calls.ts';
import { usageIn } from './usage.ts';

const EXCERPT_CHARS = 200;
const EPOCH_MS = 1_000_000_000_000;

type Given = { text: string; output: Json; toolCalls?: readonly ToolCall[] };

/**
 * Reads an answer: an object in which `error` wins over everything, then come `response`, `reply`, `choices` and `output`.
 * `state_updates` and `goto` stand beside it or are what it consists of. `usage`, `cost`, `rate_limit` and `done` are taken
 * along.
 */
export function readAnswer(value: unknown): Answered | Failed {
  if (!isObject(value)) {
    const details = { body: JSON.stringify(value).slice(0, EXCERPT_CHARS).toWellFormed() };
    return failed('bad_response', 'The answer is no JSON object', { retryable: true, isFault: true, details });
  }
  const usage = usageIn(value);
  const rateLimit = rateLimitIn(value);
  const result = withUsage(errorIn(value) ?? contentIn(value), usage);
  return rateLimit === undefined ? result : { ...result, rateLimit };
}

/** An answer that is a text or a value alone: control within it is carried out as well. */
export function answerOf(given: Given, beside: Control = {}): Answered | Failed {
  const inside = isControl(given.output) ? controlIn(given.output) : {};
  if ('kind' in inside) return inside;
  const own = isControl(given.output) ? outputIn(given.output) : undefined;
  const { text, output, toolCalls } = own ?? given;
  return { kind: 'answered', text, output, ...inside, ...beside, ...(toolCalls === undefined ? {} : { toolCalls }) };
}

/** The text, and what it is as JSON. */
export function givenText(text: string): Given {
  const value = parseJson(text) as Json | undefined;
  return { text, output: value === undefined ? text : value };
}

function contentIn(answer: JsonObject): Answered | Failed {
  const control = controlIn(answer);
  if ('kind' in control) return control;
  const given = outputIn(answer) ?? (Object.keys(control).length > 0 ? { text: '', output: null } : undefined);
  if (given === undefined) return missing(answer);
  const result = answerOf(given, control);
  return result.kind === 'answered' && answer['done'] === true ? { ...result, isDone: true } : result;
}

function outputIn(answer: JsonObject): Given | undefined {
  for (const name of ['response', 'reply', 'choices', 'output'] as const) {
    const value = answer[name] ?? null;
    if (value === null) continue;
    const given = name === 'choices' ? givenChoice(answer) : givenValue(value);
    if (given !== undefined) return given;
  }
  return undefined;
}

function givenValue(value: Json): Given {
  return typeof value === 'string' ? givenText(value) : { text: JSON.stringify(value), output: value };
}

/** The first choice of an answer in the manner of OpenAI. */
function givenChoice(answer: JsonObject): Given | undefined {
  const chunk = parseChunk(answer);
  if (chunk === undefined) return undefined;
  const completion = new Completion();
  completion.add(chunk);
  const toolCalls = toolCallsOf(completion);
  const isEmpty = completion.message['content'] === null && toolCalls.length === 0;
  if (!completion.begun || isEmpty) return undefined;
  return { ...givenText(completion.text), ...(toolCalls.length === 0 ? {} : { toolCalls }) };
}

function missing(answer: JsonObject): Failed {
  const wrong = { retryable: true, isFault: true };
  if (answer['status'] === 'received') {
    return failed('acknowledged_without_output', 'The endpoint acknowledged the request, but gave no output', wrong);
  }
  const details = {
    keys: Object.keys(answer)
      .slice(0, 20)
      .map((key) => key.slice(0, EXCERPT_CHARS)),
  };
  return failed('missing_output', 'The answer has neither response, reply, choices nor output', { ...wrong, details });
}

const errorShape = z.object({
  message: z.string().nullish().catch(null),
  code: z.union([z.string(), z.number()]).nullish().catch(null),
  retryable: z.boolean().nullish().catch(null),
});

/** `error` as a text or an object; empty or false it says that there was none. */
function errorIn(answer: JsonObject): Failed | undefined {
  const error = answer['error'] ?? null;
  if (error === null || error === '' || error === false) return undefined;
  const { message, code, retryable } = errorShape.parse(
    isObject(error) ? error : { message: typeof error === 'string' ? error : JSON.stringify(error) },
  );
  const isRetryable = retryable ?? true;
  return failed('endpoint_error', `The endpoint reports: ${(message || 'an error').slice(0, 2000).toWellFormed()}`, {
    retryable: isRetryable,
    isFault: isRetryable,
    details: { code: typeof code === 'string' ? code.slice(0, EXCERPT_CHARS) : (code ?? null) },
  });
}

const rateShape = z.object({
  rate_limit: z.object({
    remaining: z.number().min(0),
    limit: z.number().min(0).optional().catch(undefined),
    reset_ms: z.number().min(0),
  }),
});

/** `reset_ms` is a pause, or an instant since 1970. */
function rateLimitIn(answer: JsonObject): Answered['rateLimit'] {
  const parsed = rateShape.safeParse(answer);
  if (!parsed.success) return undefined;
  const { remaining, limit, reset_ms: reset } = parsed.data.rate_limit;
  const resetMs = reset > EPOCH_MS ? Math.max(0, reset - Date.now()) : reset;
  return { remaining, resetMs: Math.min(resetMs, MAX_RETRY_AFTER_MS), ...(limit === undefined ? {} : { limit }) };
}
