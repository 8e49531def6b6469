/** The call of an endpoint that has been chosen, from its token to the report of what came of it. */
import type { Json, JsonObject, Placement, TaskError } from '@weft/contract';
import { meteredEndpoint } from '@weft/engine/runtime';
import type { CallReport, EndpointRecord } from '@weft/engine/ports';

import type { ProtocolCall, ProtocolResult } from '../protocol.ts';
import { LEASE_MS } from './asking.ts';
import type { Asked, AskRequest } from './asking.ts';
import type { EndpointDeps } from './deps.ts';
import { NEW_ASK } from './memo.ts';
import { usageOf } from './prices.ts';

type There = { record: EndpointRecord; callId: string; why: Json };

/** The largest answer that is read. */
const MAX_BYTES = 8 * 1024 * 1024;
/** What is still to come must not lose its place while nobody looks. */
const PENDING_LEASE_MS = 120_000;

export async function callThere(deps: EndpointDeps, request: AskRequest, there: There): Promise<Asked> {
  const { record, callId } = there;
  const metered = meteredEndpoint(record);
  const startedAt = deps.clock.monotonicMs();
  const token = tokenOf(deps, record);
  if (token.kind === 'missing') {
    await deps.meter.end(metered, callId, { verdict: 'neutral', latencyMs: 0, tokens: 0 });
    request.call.budget?.release();
    const error = { code: token.code, message: token.message, retryable: false };
    return { kind: 'failed', error, memo: request.memo };
  }
  const renewing = setInterval(() => void deps.meter.renew(metered, callId, LEASE_MS).catch(() => {}), LEASE_MS / 3);
  try {
    const result = await send(deps, request, { ...there, token: token.value });
    return await conclude(deps, request, { ...there, result, latencyMs: deps.clock.monotonicMs() - startedAt });
  } finally {
    clearInterval(renewing);
  }
}

type Token = { kind: 'token'; value: string | null } | { kind: 'missing'; code: string; message: string };

export function tokenOf(deps: Pick<EndpointDeps, 'secret'>, { name, token }: EndpointRecord): Token {
  if (token === null) return { kind: 'token', value: null };
  if (token.kind === 'value') return { kind: 'token', value: token.value };
  if (token.kind === 'sealed') {
    const message = `the token of the endpoint ${name} is encrypted with the key ${token.keyId}, which this worker does not have`;
    return { kind: 'missing', code: 'endpoint_token_sealed', message };
  }
  const value = deps.secret(token.name);
  if (value !== null) return { kind: 'token', value };
  const message = `the endpoint ${name} needs the secret ${token.name}, which this worker does not have`;
  return { kind: 'missing', code: 'missing_secret', message };
}

function send(
  deps: EndpointDeps,
  request: AskRequest,
  there: There & { token: string | null },
): Promise<ProtocolResult> {
  const { record, callId, token } = there;
  const { call, settings, messages, tools, memo, signal } = request;
  const { name, url, options, protocol } = record;
  const client = deps.protocols.get(protocol);
  if (!client) throw new Error(`there is no client for the protocol ${protocol}`);
  if (!memo.pending) call.emit({ type: 'model-selected', endpoint: name, model: record.model });
  const sent: ProtocolCall = {
    target: { name, url, token, model: record.model, options },
    prompt: messages.findLast(({ role }) => role === 'user')?.content ?? '',
    messages,
    tools,
    outputSchema: settings.outputSchema ?? null,
    maxOutputTokens: settings.endpoint.maxOutputTokens ?? null,
    sessionKey: `run_${call.runId}_step_${call.taskId}`,
    idempotencyKey: callId,
    memo: memo.pending?.memo ?? null,
    push: deps.push?.addressOf({ tenant: call.tenant, taskId: call.taskId }) ?? null,
    maxBytes: MAX_BYTES,
    signal,
    heartbeat: () => call.heartbeat(),
    token: (text) => call.token(text, { endpoint: name, ...(record.model !== null && { model: record.model }) }),
    log: call.log,
  };
  return client.call(sent);
}

async function conclude(
  deps: EndpointDeps,
  request: AskRequest,
  { record, callId, why, result, latencyMs }: There & { result: ProtocolResult; latencyMs: number },
): Promise<Asked> {
  const metered = meteredEndpoint(record);
  const { memo } = request;
  if (result.kind === 'pending') {
    const pending = {
      endpoint: record.name,
      memo: result.memo,
      callId,
      since: memo.pending?.since ?? deps.clock.now(),
      why,
    };
    await deps.meter.renew(metered, callId, result.afterMs + PENDING_LEASE_MS);
    const note = { waitsFor: 'answer', endpoint: record.name };
    return {
      kind: 'again',
      memo: { ...memo, waits: 0, pending },
      afterMs: result.afterMs,
      keepsPlace: true,
      note,
      ...(!memo.pending && { placed: placedAt(record, why) }),
    };
  }
  const usage = result.usage || result.kind === 'answered' ? usageOf(deps, record, result.usage) : undefined;
  const tokens = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
  const asked = { latencyMs, tokens, ...(result.rateLimit && { rateLimit: result.rateLimit }) };
  if (result.kind === 'answered') {
    await deps.meter.end(metered, callId, { verdict: 'succeeded', ...asked });
    const model = result.model ?? record.model;
    const placed = { ...placedAt(record, why), model };
    return {
      kind: 'answered',
      answer: result,
      endpoint: record.name,
      usage: usage ?? usageOf(deps, record, undefined),
      placed,
    };
  }
  await deps.meter.end(metered, callId, reportOf(result, asked));
  const tried = memo.tried.includes(record.name) ? memo.tried : [...memo.tried, record.name];
  const { error, retryAfterMs } = result;
  const details = { ...error.details, endpoint: record.name };
  const told = { ...error, details };
  return {
    kind: 'failed',
    isHopeless: result.isFault && !error.retryable,
    error: told,
    memo: { ...NEW_ASK, tried },
    retryAfterMs,
    usage,
    placed: placedAt(record, why),
  };
}

function reportOf(
  { isFault, retryAfterMs, error }: Extract<ProtocolResult, { kind: 'failed' }>,
  asked: Pick<CallReport, 'latencyMs' | 'tokens' | 'rateLimit'>,
): CallReport {
  return {
    verdict: isFault ? 'failed' : 'neutral',
    ...asked,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(refusesAll(error) && { isProviderWide: true }),
  };
}

/** Whether the provider refuses whatever comes with this credential: it is not valid, or out of credit. */
function refusesAll({ code, details }: TaskError): boolean {
  return code === 'endpoint_unauthorized' || (code === 'http_status' && details?.['status'] === 402);
}

function placedAt({ name, model }: EndpointRecord, why: Json): Placement {
  return { endpoint: name, model, why: why as JsonObject };
}
