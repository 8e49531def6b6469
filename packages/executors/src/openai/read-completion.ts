import type { ExecutorCall } from '@weft/engine/ports';

import type { Failure } from '../failure.ts';
import { aborted, failure } from '../failure.ts';
import { networkCause, tooLarge } from '../http/http-failure.ts';
import { MAX_RESPONSE_BYTES } from '../http/request.ts';
import { readBytes, readExcerpt } from '../http/read-body.ts';
import { EventTooLargeError, readEvents } from '../http/sse.ts';
import { modelFailure, serverError, streamCut } from './chat-failure.ts';
import { Completion, parseChunk } from './completion.ts';
import { parseJson } from './parse-json.ts';
import { TextProgress } from './text-progress.ts';

/** One event holds one piece of an answer, and is small. */
const MAX_EVENT_CHARS = 1_048_576;

const EXCERPT_CHARS = 200;

/** What reading an answer needs of the call, and how much it may hold. */
export type ReadOptions = Pick<ExecutorCall, 'signal' | 'heartbeat'> & {
  maxBytes: number;
  /** Called with each piece of the answer's text. */
  onText: (piece: string) => void;
};

/**
 * Reads the answer of a model, as a stream or in one piece, whichever the server sends. The completion may lack what no
 * answer should lack; a failure carries the usage as far as it is known.
 */
export async function readCompletion(response: Response, options: ReadOptions): Promise<Completion | Failure> {
  const type = response.headers.get('content-type') ?? '';
  const completion = new Completion();
  const read = /^text\/event-stream\b/i.test(type) ? readStream : /\bjson\b/i.test(type) ? readWhole : readNothing;
  const failed = await guarded(() => read(response, completion, options), completion, options);
  if (failed === undefined) return completion;
  return completion.usage === undefined ? failed : { ...failed, usage: completion.usage };
}

type Read = (response: Response, completion: Completion, options: ReadOptions) => Promise<Failure | undefined>;

async function guarded(
  read: () => ReturnType<Read>,
  { text }: Completion,
  { signal }: ReadOptions,
): Promise<Failure | undefined> {
  try {
    return await read();
  } catch (error) {
    if (signal.aborted) return aborted(signal);
    if (error instanceof EventTooLargeError) return tooLarge(MAX_EVENT_CHARS);
    const { message, code } = networkCause(error);
    return streamCut(message, { cause: code, textLength: text.length });
  }
}

const readStream: Read = async (response, completion, options) => {
  const progress = new TextProgress(options.heartbeat, options.onText);
  let isDone = false;
  for await (const data of readEvents(beating(response, options.heartbeat), MAX_EVENT_CHARS)) {
    isDone = data.trim() === '[DONE]';
    if (isDone) break;
    const failed = takeEvent(data, completion, options);
    if (failed !== undefined) return failed;
    progress.grow(completion.text);
  }
  progress.finish(completion.text);
  if (isDone || completion.finishReason !== null) return undefined;
  return streamCut('the stream ended before the answer did', { cause: null, textLength: completion.text.length });
};

const readWhole: Read = async (response, completion, options) => {
  const bytes = await readBytes(response, MAX_RESPONSE_BYTES, () => options.heartbeat());
  if (bytes === undefined) return tooLarge(MAX_RESPONSE_BYTES);
  const failed = takeEvent(bytes.toString(), completion, options);
  if (failed === undefined && completion.text !== '') options.onText(completion.text);
  // Whoever sends this in one piece sends it again.
  return failed?.error.code === 'bad_stream' ? badResponse(bytes.toString()) : failed;
};

const readNothing: Read = async (response) => badResponse(await readExcerpt(response));

/** A server that is not what it was taken for; a page of a proxy, say. */
function badResponse(body: string): Failure {
  return failure('bad_response', 'The response is no chat completion', { details: { body: excerpt(body) } });
}

function takeEvent(data: string, completion: Completion, { maxBytes }: ReadOptions): Failure | undefined {
  const value = parseJson(data);
  const error = serverError(value);
  if (error !== undefined) return modelFailure(error);
  const chunk = parseChunk(value);
  if (chunk === undefined) {
    return failure('bad_stream', 'The stream holds what is no piece of a chat completion', {
      retryable: true,
      details: { data: excerpt(data) },
    });
  }
  completion.add(chunk);
  return completion.size > maxBytes ? tooLarge(maxBytes) : undefined;
}

async function* beating(response: Response, heartbeat: ExecutorCall['heartbeat']): AsyncGenerator<Uint8Array> {
  for await (const chunk of response.body ?? []) {
    heartbeat();
    yield chunk;
  }
}

function excerpt(text: string): string {
  return text.slice(0, EXCERPT_CHARS).toWellFormed();
}
