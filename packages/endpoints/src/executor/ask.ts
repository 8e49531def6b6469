/** One request to whichever endpoint is best: chosen, paid for, given a place, sent, and reported. */
import type { Json, JsonObject } from '@weft/contract';
import { chooseEndpoints, estimateCall, estimateTokens, tellChoice } from '@weft/engine/domain';
import type { Choice, Estimate } from '@weft/engine/domain';
import type { EndpointRecord } from '@weft/engine/ports';
import { meteredEndpoint } from '@weft/engine/runtime';

import { askTwice } from './ask-twice.ts';
import { LEASE_MS } from './asking.ts';
import type { Asked, AskRequest } from './asking.ts';
import { callThere } from './call-there.ts';
import type { EndpointDeps } from './deps.ts';
import { priceOf } from './prices.ts';

/** An endpoint that does not say how much it answers at most is taken to write so many tokens. */
const MAX_OUTPUT_TOKENS = 4096;
/** When nobody knows how long none will have room, it is asked again after this time, then twice as long, and so on. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

export async function ask(deps: EndpointDeps, request: AskRequest): Promise<Asked> {
  const records = await deps.endpoints(request.call.tenant);
  const { pending } = request.memo;
  if (!pending) return askBest(deps, request, records);
  const record = records.find(({ name }) => name === pending.endpoint);
  if (record) return callThere(deps, request, { record, callId: pending.callId, why: pending.why });
  const message = `the endpoint ${pending.endpoint} was removed before it had answered`;
  const error = { code: 'endpoint_removed', message, retryable: true };
  return { kind: 'failed', error, memo: { ...request.memo, pending: null } };
}

async function askBest(deps: EndpointDeps, request: AskRequest, records: readonly EndpointRecord[]): Promise<Asked> {
  const estimates = new Map(records.map((record) => [record.name, estimateFor(deps, request, record)]));
  const choice = await choose(deps, request, { records, estimates });
  const refused: { endpoint: string; reason: string; waitMs: number }[] = [];
  let failed: Asked | null = null;
  for (const name of choice.order) {
    const record = records.find((one) => one.name === name);
    const estimate = estimates.get(name);
    if (!record || !estimate) continue;
    const paid = await reserve(request, record, estimate);
    if (paid.kind === 'again') return paid;
    if (paid.kind === 'failed') {
      failed ??= paid;
      if (paid.isFinal) break;
      continue;
    }
    const grant = await begin(deps, request, { record, estimate });
    if (grant.kind === 'granted') {
      const others = choice.order.slice(choice.order.indexOf(name) + 1);
      const asked = await askTwice(deps, request, {
        first: (asking) => callThere(deps, asking, { record, callId: grant.callId, why: tellChoice(choice, name) }),
        second: (asking) => askAnother(deps, asking, { choice, names: others, records, estimates }),
      });
      if (asked.kind !== 'failed' || !asked.isHopeless) return asked;
      failed ??= asked;
      continue;
    }
    refused.push({ endpoint: name, reason: grant.reason, waitMs: grant.waitMs });
  }
  request.call.budget?.release();
  return failed ?? later(deps, request, { choice, refused });
}

type Others = {
  choice: Choice;
  names: readonly string[];
  records: readonly EndpointRecord[];
  estimates: ReadonlyMap<string, Estimate>;
};

/** The first of the others that has room. Its cost is bounded by what was reserved for the one before it. */
async function askAnother(deps: EndpointDeps, request: AskRequest, others: Others): Promise<Asked | null> {
  for (const name of others.names) {
    const record = others.records.find((one) => one.name === name);
    const estimate = others.estimates.get(name);
    if (!record || !estimate) continue;
    const asking = { ...request, part: `${request.part}:h` };
    const grant = await begin(deps, asking, { record, estimate });
    if (grant.kind !== 'granted') continue;
    return callThere(deps, asking, { record, callId: grant.callId, why: tellChoice(others.choice, name) });
  }
  return null;
}

type Begun = { kind: 'granted'; callId: string } | { kind: 'refused'; reason: string; waitMs: number };

async function begin(
  deps: EndpointDeps,
  { call, part, memo }: AskRequest,
  { record, estimate }: { record: EndpointRecord; estimate: Estimate },
): Promise<Begun> {
  const callId = `${call.idempotencyKey}${part}`;
  const asked = { callId, tokens: estimate.tokens, leaseMs: LEASE_MS, isRetry: memo.tried.length > 0 };
  const grant = await deps.meter.begin(meteredEndpoint(record), asked);
  return grant.kind === 'granted' ? { kind: 'granted', callId } : grant;
}

function estimateFor(deps: EndpointDeps, { settings, messages }: AskRequest, record: EndpointRecord): Estimate {
  const inputTokens = estimateTokens(messages.map(({ content }) => content ?? ''));
  const declared = record.options['maxOutputTokens'];
  const most = typeof declared === 'number' ? declared : MAX_OUTPUT_TOKENS;
  const maxOutputTokens = settings.endpoint.maxOutputTokens ?? most;
  return estimateCall(priceOf(deps, record), { inputTokens, maxOutputTokens });
}

async function choose(
  deps: EndpointDeps,
  { call, settings, memo, session }: AskRequest,
  { records, estimates }: { records: readonly EndpointRecord[]; estimates: ReadonlyMap<string, Estimate> },
): Promise<Choice> {
  const { pin, prefer, specialty, strategy, model } = settings.endpoint;
  const loads = await deps.meter.look(records.map(meteredEndpoint));
  const isChat = records.find(({ name }) => name === session)?.protocol === 'openai_chat';
  const wanted = {
    tags: settings.tags,
    specialty: specialty ?? null,
    model: model ?? null,
    pin: pin ?? null,
    prefer: prefer ?? [],
    // Who is sent all that was said goes on anywhere.
    session: session === null ? null : { name: session, holdsIt: !isChat },
    tried: memo.tried,
    costOf: (name: string) => estimates.get(name)?.usd ?? null,
  };
  const options = {
    strategy: strategy ?? 'score',
    isEmergency: deps.isEmergency(call.tenant),
    random: () => deps.random(),
  } as const;
  return chooseEndpoints(wanted, records, loads, options);
}

type Paid =
  | { kind: 'paid' }
  | Extract<Asked, { kind: 'again' }>
  | (Extract<Asked, { kind: 'failed' }> & { isFinal: boolean });

async function reserve({ call, memo }: AskRequest, { name }: EndpointRecord, estimate: Estimate): Promise<Paid> {
  if (!call.budget) return { kind: 'paid' };
  const reserved = await call.budget.reserve(estimate);
  if (reserved.kind === 'granted') return { kind: 'paid' };
  if (reserved.kind === 'held') {
    return { kind: 'again', memo, afterMs: reserved.afterMs, note: { waitsFor: 'budget' } };
  }
  // Another one may cost less, or have a price at all.
  const { code, message, details } = reserved.error;
  const isFinal = reserved.onExceeded !== 'fallback' && code !== 'price_missing';
  const error = {
    ...reserved.error,
    message: `${message}, at the endpoint ${name}`,
    details: { ...details, endpoint: name },
  };
  return { kind: 'failed', error, memo, isFinal };
}

type Refusals = { choice: Choice; refused: readonly { endpoint: string; reason: string; waitMs: number }[] };

/** None has room now. What waits for an endpoint that does not exist yet waits, too, and says for what. */
function later(deps: EndpointDeps, { settings, memo }: AskRequest, { choice, refused }: Refusals): Asked {
  const freeIn = choice.freeAt === null ? [] : [choice.freeAt - deps.clock.now()];
  const known = [...refused.map(({ waitMs }) => waitMs), ...freeIn];
  const patience = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(memo.waits, 10));
  const afterMs = Math.min(LONGEST_WAIT_MS, Math.max(patience, ...(known.length > 0 ? [Math.min(...known)] : [])));
  const leftOut: Json = choice.leftOut.slice(0, 10).map(({ name, reason }) => ({ endpoint: name, reason }));
  const { pin, model } = settings.endpoint;
  const wanted = { tags: settings.tags, ...(pin !== undefined && { pin }), ...(model !== undefined && { model }) };
  const note: JsonObject = {
    waitsFor: 'endpoint',
    ...wanted,
    leftOut,
    refused: refused.map(({ endpoint, reason }) => ({ endpoint, reason })),
  };
  return { kind: 'again', memo: { ...memo, waits: memo.waits + 1 }, afterMs, note };
}
