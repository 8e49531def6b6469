import type { ExecutorCall } from '@weft/engine/ports';

import type { Failure } from '../failure.ts';
import { failure } from '../failure.ts';
import { statusFailure } from '../http/http-failure.ts';
import type { HttpRequest } from '../http/request.ts';
import { buildRequest } from '../http/request.ts';
import { sendOnce } from '../http/send-once.ts';
import { withServerMessage } from './chat-failure.ts';
import type { ChatInput } from './chat-input.ts';
import { chatBody } from './chat-input.ts';
import { Completion } from './completion.ts';
import { readCompletion } from './read-completion.ts';

const SHOWN_CHARS = 2_000;

/** What asking a model needs of the call. */
export type Asking = Pick<ExecutorCall, 'signal' | 'heartbeat' | 'idempotencyKey'> & {
  /** Called with each piece of the answer's text. */
  onText: (piece: string) => void;
  /** Goes along; `authorization` in the place of the one made of `apiKey`. */
  headers?: Readonly<Record<string, string>>;
  /** Called as soon as the server answers, whatever it says. */
  onResponse?: (response: Response) => void;
};

/**
 * Asks a model for a completion, which came to its end and is an answer; else a failure, with the usage as far as it is
 * known. Never throws.
 */
export async function askModel(input: ChatInput, url: URL, asking: Asking): Promise<Completion | Failure> {
  const { signal, heartbeat, onText } = asking;
  const request = chatRequest(input, url, asking);
  const response = await sendOnce(request, signal);
  if (!(response instanceof Response)) return response;
  heartbeat();
  asking.onResponse?.(response);
  if (!response.ok) return withServerMessage(await statusFailure(request, response));
  const completion = await readCompletion(response, { signal, heartbeat, onText, maxBytes: input.maxBytes });
  if (!(completion instanceof Completion)) return completion;
  const failed = refusal(completion);
  if (failed === undefined) return completion;
  return completion.usage === undefined ? failed : { ...failed, usage: completion.usage };
}

function chatRequest(input: ChatInput, url: URL, { headers: given, idempotencyKey }: Asking): HttpRequest {
  const { apiKey, maxBytes } = input;
  const headers = {
    accept: 'text/event-stream, application/json',
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    ...given,
  };
  const json = chatBody(input, url);
  const fixed = { method: 'POST', query: {}, followRedirects: false } as const;
  return buildRequest({ ...fixed, url: url.href, headers, json, maxBytes }, idempotencyKey);
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
