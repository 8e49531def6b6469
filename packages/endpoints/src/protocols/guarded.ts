import type { Json, JsonObject } from '@weft/contract';
import { redact, redactText } from '@weft/executors';
import { aborted, messageOf } from '@weft/executors/failure';

import type { LeftRequest, ProtocolCall, ProtocolClient, ProtocolResult } from '../protocol.ts';
import { ReplyStoreError } from './replies/named-store.ts';
import { failed, fromFailure } from './result.ts';

/** An abort is obeyed within a second, whatever a library does. */
const ABORT_GRACE_MS = 900;

/**
 * What holds for all protocols: a call never throws, its end is not waited for beyond an abort, an endpoint that was
 * configured wrongly says so, and its token stands in no answer, error or log line, even where the endpoint repeats it.
 */
export function guarded(client: ProtocolClient): ProtocolClient {
  return {
    ...client,
    async call(call) {
      const problem = problemOf(client, call);
      if (problem !== null) return problem;
      const secrets = call.target.token === null ? [] : [call.target.token];
      const result = await settled(client, masked(call, secrets));
      return redact(result as JsonObject, secrets) as ProtocolResult;
    },
    ...(client.letGo && { letGo: (left: LeftRequest) => letGo(client, left) }),
    async probe(target, url, signal) {
      const probe = await client.probe(target, url, signal).catch((error: unknown) => unhealthy(error));
      return target.token === null ? probe : { ...probe, detail: redact(probe.detail, [target.token]) };
    },
  };
}

/** An endpoint that was turned into something else meanwhile is told nothing. */
async function letGo(client: ProtocolClient, left: LeftRequest): Promise<void> {
  const { url, options, token } = left.target;
  if (client.checkUrl(url) !== null || client.checkOptions(options) !== null) return;
  const problem = await client.letGo?.(left).then(() => null, messageOf);
  // Without its cause, which may hold the token.
  if (typeof problem === 'string') throw new Error(redact(problem, token === null ? [] : [token]));
}

function unhealthy(error: unknown): { isHealthy: boolean; detail: string } {
  return { isHealthy: false, detail: messageOf(error) };
}

function problemOf(client: ProtocolClient, { target, signal }: ProtocolCall): ProtocolResult | null {
  if (signal.aborted) return fromFailure(aborted(signal), false);
  const url = client.checkUrl(target.url);
  if (url !== null) {
    const message = `The URL of the endpoint ${target.name} is none of ${client.protocol}: ${url}`;
    return failed('bad_endpoint_url', message, { isFault: true });
  }
  const options = client.checkOptions(target.options);
  if (options === null) return null;
  return failed('bad_endpoint_options', `The endpoint ${target.name}: ${options}`, { isFault: true });
}

async function settled(client: ProtocolClient, call: ProtocolCall): Promise<ProtocolResult> {
  const late = Promise.withResolvers<ProtocolResult>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => late.resolve(fromFailure(aborted(call.signal), false)), ABORT_GRACE_MS);
  };
  call.signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([client.call(call), late.promise]);
  } catch (error) {
    if (call.signal.aborted) return fromFailure(aborted(call.signal), false);
    if (error instanceof ReplyStoreError)
      return failed('reply_store_unavailable', messageOf(error), { retryable: true });
    const message = `Asking the endpoint ${call.target.name} failed: ${messageOf(error)}`;
    return failed('protocol_error', message, { retryable: true, isFault: true });
  } finally {
    clearTimeout(timer);
    call.signal.removeEventListener('abort', onAbort);
  }
}

/** What the call tells others while it runs says no secret either. */
function masked(call: ProtocolCall, secrets: readonly string[]): ProtocolCall {
  const text = redactText(secrets);
  if (text === null) return call;
  const log: ProtocolCall['log'] = (level, message, fields) =>
    call.log(
      level,
      redact(message, secrets),
      ...(fields === undefined ? [] : [redact(fields as Json, secrets) as JsonObject]),
    );
  const token = (piece: string): void => {
    const shown = text.push(piece);
    if (shown !== '') call.token(shown);
  };
  return { ...call, log, token };
}
