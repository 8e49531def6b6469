import { failure } from '@weft/executors/failure';
import { networkCause, statusFailure, tooLarge } from '@weft/executors/http/http-failure';
import { readBytes } from '@weft/executors/http/read-body';
import type { HttpRequest } from '@weft/executors/http/request';
import { sendOnce } from '@weft/executors/http/send-once';
import { streamCut } from '@weft/executors/openai/chat-failure';

import type { CallTarget } from '../../protocol.ts';
import { credentials } from '../http/endpoint-request.ts';
import { learnFrom } from '../http/rate-limit-headers.ts';
import { refused } from '../http/refused.ts';
import type { Failed, Learned } from '../result.ts';
import { fromFailure } from '../result.ts';

/** A failed result on its way through a library that knows errors only. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly failed: Failed;

  constructor(failed: Failed) {
    super(failed.error.message);
    this.failed = failed;
  }
}

export type FetchOptions = {
  maxBytes: number;
  signal: AbortSignal;
  onChunk: () => void;
  onLearned: (learned: Learned) => void;
};

/** Statuses of which the body, if it is JSON, says what is wrong in the words of the protocol. */
const NAMED_BY_STATUS = new Set([401, 402, 403, 407, 429]);

/**
 * What the A2A SDK sends its requests with: with the endpoint's token, nowhere else than it is told to, and no more of an
 * answer than is allowed.
 *
 * @throws RefusedError
 */
export function boundedFetch(target: CallTarget, options: FetchOptions): typeof fetch {
  return async (input, init) => {
    const request = requestOf(target, input, init);
    const signal = init?.signal ? AbortSignal.any([init.signal, options.signal]) : options.signal;
    const response = await sendOnce(request, signal);
    if (!(response instanceof Response)) throw new RefusedError(refused(response, target));
    options.onLearned(learnFrom(response.headers, Date.now()));
    options.onChunk();
    const type = response.headers.get('content-type') ?? '';
    if (response.ok && type.startsWith('text/event-stream')) return counted(response, options);
    const isNamed = response.status < 400 || NAMED_BY_STATUS.has(response.status) || !/\bjson\b/.test(type);
    if (!response.ok && isNamed) throw new RefusedError(refused(await statusFailure(request, response), target));
    return await whole(response, options);
  };
}

function requestOf(target: CallTarget, input: Parameters<typeof fetch>[0], init: RequestInit | undefined): HttpRequest {
  const url = new URL(input instanceof Request ? input.url : input);
  const credential = credentials(target);
  if (credential.kind === 'failed') throw new RefusedError(credential);
  const headers = new Headers(init?.headers);
  for (const [name, value] of Object.entries(credential.headers)) headers.set(name, value);
  headers.set('user-agent', 'weft');
  const body = typeof init?.body === 'string' ? init.body : undefined;
  return { url, method: init?.method ?? 'GET', headers, body };
}

async function whole(response: Response, { maxBytes, onChunk }: FetchOptions): Promise<Response> {
  const { status, headers } = response;
  try {
    const bytes = await readBytes(response, maxBytes, onChunk);
    if (bytes === undefined) throw new RefusedError(fromFailure(tooLarge(maxBytes), true));
    const type = headers.get('content-type') ?? '';
    return new Response(status === 204 ? null : new Uint8Array(bytes), { status, headers: { 'content-type': type } });
  } catch (error) {
    throw error instanceof RefusedError ? error : cut(error);
  }
}

function counted(response: Response, { maxBytes, onChunk }: FetchOptions): Response {
  let size = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size += chunk.byteLength;
      onChunk();
      if (size > maxBytes) controller.error(new RefusedError(fromFailure(tooLarge(maxBytes), true)));
      else controller.enqueue(chunk);
    },
  });
  const { status, headers } = response;
  return new Response(response.body?.pipeThrough(counter) ?? null, { status, headers });
}

function cut(error: unknown): RefusedError {
  const { message, code } = networkCause(error);
  return new RefusedError(fromFailure(streamCut(message, { cause: code }), true));
}

/** A refusal that lies in what the agent says of itself. */
export function badCard(target: CallTarget, message: string): RefusedError {
  const failed = failure('bad_agent_card', `The agent card of ${target.name}: ${message}`);
  return new RefusedError(fromFailure(failed, true));
}
