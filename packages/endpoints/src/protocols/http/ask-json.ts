import type { JsonObject } from '@weft/contract';
import { aborted } from '@weft/executors/failure';
import { networkCause, statusFailure, tooLarge } from '@weft/executors/http/http-failure';
import { readBytes } from '@weft/executors/http/read-body';
import { sendOnce } from '@weft/executors/http/send-once';
import { streamCut, withServerMessage } from '@weft/executors/openai/chat-failure';
import { parseJson } from '@weft/executors/openai/parse-json';

import type { ProtocolCall, ProtocolResult } from '../../protocol.ts';
import { readAnswer } from '../answer.ts';
import type { Answered, Failed } from '../result.ts';
import { failed, fromFailure, withLearned } from '../result.ts';
import { credentials, jsonRequest } from './endpoint-request.ts';
import { learnFrom } from './rate-limit-headers.ts';
import { refused } from './refused.ts';

const EXCERPT_CHARS = 200;

/** Sends a body as JSON to the endpoint and reads its answer by the rules of all workers. Never throws. */
export async function askJson(call: ProtocolCall, body: JsonObject): Promise<ProtocolResult> {
  const credential = credentials(call.target);
  if (credential.kind === 'failed') return credential;
  const request = jsonRequest(call, credential.headers, body);
  const response = await sendOnce(request, call.signal);
  if (!(response instanceof Response)) return refused(response, call.target);
  call.heartbeat();
  const learned = learnFrom(response.headers, Date.now());
  if (!response.ok) {
    return withLearned(refused(withServerMessage(await statusFailure(request, response)), call.target), learned);
  }
  const read = await readText(response, call);
  const result = typeof read === 'string' ? answerIn(read, response.headers) : read;
  return withLearned(result, learned);
}

async function readText(response: Response, call: ProtocolCall): Promise<string | Failed> {
  try {
    const bytes = await readBytes(response, call.maxBytes, () => call.heartbeat());
    return bytes === undefined ? fromFailure(tooLarge(call.maxBytes), true) : new TextDecoder().decode(bytes);
  } catch (error) {
    if (call.signal.aborted) return fromFailure(aborted(call.signal), false);
    const { message, code } = networkCause(error);
    return fromFailure(streamCut(message, { cause: code }), true);
  }
}

function answerIn(text: string, headers: Headers): Answered | Failed {
  const value = parseJson(text);
  if (value !== undefined) return readAnswer(value);
  const contentType = headers.get('content-type');
  return failed('bad_response', `The endpoint answered ${contentType ?? 'something'} that is no JSON`, {
    retryable: true,
    isFault: true,
    details: { contentType, body: text.slice(0, EXCERPT_CHARS).toWellFormed() },
  });
}
