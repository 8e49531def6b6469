/** What all workers share of an endpoint, as pure steps: how it is, whether a call may begin, and what its end changes. */
import type { EndpointLimits } from '@weft/contract';

import type { CallGrant, CallReport, CallTicket, EndpointCall, EndpointLoad, RefusedCall } from './call.ts';
import * as circuits from './circuit.ts';
import type { CircuitRules, CircuitState } from './circuit.ts';
import { backOff, BACKOFF_MS, NO_BACKOFF } from './provider-backoff.ts';
import type { ProviderBackoff } from './provider-backoff.ts';
import * as rates from './provider-rates.ts';
import type { ProviderRates } from './provider-rates.ts';
import { FULL_RETRIES, retriesAt, RETRY_RULES, waitForRetry } from './retry-budget.ts';
import type { RetryBudget, RetryRules } from './retry-budget.ts';
import { SECOND_MS } from './seconds.ts';
import { NO_RECORD, RECORD_RULES, recordAt, recordCall, smoothed } from './track-record.ts';
import type { RecordRules, TrackRecord } from './track-record.ts';

/** `backoffMs`: how long a provider is left alone that refuses everything, the first time, the second, and so on. */
export type MeterRules = {
  circuit: CircuitRules;
  retry: RetryRules;
  record: RecordRules;
  backoffMs: readonly number[];
  /** Nobody can say when a call under way ends, or a circuit is closed by hand: ask again after so long. */
  askAgainMs: number;
};

export const METER_RULES: MeterRules = {
  circuit: circuits.CIRCUIT_RULES,
  retry: RETRY_RULES,
  record: RECORD_RULES,
  backoffMs: BACKOFF_MS,
  askAgainMs: 100,
};

/** Of one endpoint. */
export type EndpointState = { circuit: CircuitState; record: TrackRecord; retries: RetryBudget };

/** Of all endpoints with one credential. */
export type CredentialState = { rates: ProviderRates; backoff: ProviderBackoff };

export const NEW_ENDPOINT: EndpointState = { circuit: circuits.CLOSED, record: NO_RECORD, retries: FULL_RETRIES };
export const NEW_CREDENTIAL: CredentialState = { rates: rates.NO_RATES, backoff: NO_BACKOFF };

export type MeterState = { endpoint: EndpointState; credential: CredentialState };

/** `running`: calls whose lease is not over. */
export type MeterSight = MeterState & { running: number; maxConcurrent: number; limits: EndpointLimits; now: number };

export type BegunCall =
  | { grant: Extract<CallGrant, { kind: 'granted' }>; state: MeterState; ticket: CallTicket }
  | { grant: Extract<CallGrant, { kind: 'refused' }> };

/** Takes all that a call needs, or nothing. */
export function beginCall(
  sight: MeterSight,
  call: Pick<EndpointCall, 'tokens' | 'isRetry'>,
  rules: MeterRules,
): BegunCall {
  const { now, limits } = sight;
  const refusal = refusalOf(sight, call, rules);
  if (refusal) return { grant: { kind: 'refused', ...refusal } };
  const { circuit, record, retries } = endpointAt(sight.endpoint, now, rules);
  const tokens = rates.chargedTokens(call.tokens, limits);
  const endpoint = {
    circuit: circuits.passCircuit(circuit),
    record: { ...record, asked: Math.round(smoothed(record.asked, tokens, rules.record)) },
    retries: call.isRetry ? { ...retries, left: retries.left - 1 } : retries,
  };
  const credential = { ...sight.credential, rates: rates.spendRates(sight.credential.rates, tokens, now) };
  const ticket = { generation: circuit.generation, tokens, second: Math.floor(now / SECOND_MS) };
  return { grant: { kind: 'granted' }, state: { endpoint, credential }, ticket };
}

function refusalOf(
  sight: MeterSight,
  call: Pick<EndpointCall, 'tokens' | 'isRetry'>,
  rules: MeterRules,
): { reason: RefusedCall; waitMs: number } | null {
  const { credential, running, maxConcurrent, limits, now } = sight;
  const { circuit, retries } = endpointAt(sight.endpoint, now, rules);
  if (circuits.circuitRoom(circuit, running, now, rules.circuit) < 1)
    return { reason: 'circuit_open', waitMs: circuit.openUntil === null ? rules.askAgainMs : circuit.openUntil - now };
  if (now < credential.backoff.until) return { reason: 'circuit_open', waitMs: credential.backoff.until - now };
  if (running >= maxConcurrent) return { reason: 'full', waitMs: rules.askAgainMs };
  const rateMs = rates.waitForRates(credential.rates, limits, call.tokens, now);
  if (rateMs > 0) return { reason: 'rate_limited', waitMs: rateMs };
  const retryMs = call.isRetry ? waitForRetry(retries, rules.retry) : 0;
  return retryMs > 0 ? { reason: 'retry_budget', waitMs: retryMs } : null;
}

/** A call has ended. `ticket` null: nothing is known of it any more, so that it counts for no more than what it has learned. */
export function endCall(
  { endpoint, credential, now }: MeterState & { now: number },
  ticket: CallTicket | null,
  report: CallReport,
  rules: MeterRules,
): MeterState {
  const learned = learn(credential, report, { now, rules });
  if (ticket === null) return { endpoint, credential: learned };
  const used = { charged: ticket.tokens, second: ticket.second, used: report.tokens };
  return {
    endpoint: reported(endpointAt(endpoint, now, rules), ticket, { report, now, rules }),
    credential: { ...learned, rates: rates.settleTokens(learned.rates, used, now) },
  };
}

function learn(
  credential: CredentialState,
  report: CallReport,
  { now, rules }: { now: number; rules: MeterRules },
): CredentialState {
  const { backoff } = credential;
  const next = report.isProviderWide
    ? backOff(backoff, now, rules.backoffMs)
    : report.verdict === 'succeeded'
      ? NO_BACKOFF
      : backoff;
  return { rates: rates.learnRates(credential.rates, report, now), backoff: next };
}

function reported(
  { circuit, record, retries }: EndpointState,
  { generation }: CallTicket,
  { report, now, rules }: { report: CallReport; now: number; rules: MeterRules },
): EndpointState {
  const { verdict, latencyMs } = report;
  const earned = verdict === 'succeeded' ? rules.retry.perSuccess : 0;
  return {
    circuit: circuits.reportCircuit(circuit, { generation, verdict }, now, rules.circuit),
    record: verdict === 'neutral' ? record : recordCall(record, { verdict, latencyMs }, rules.record),
    retries: { ...retries, left: Math.min(rules.retry.most, retries.left + earned) },
  };
}

/** The lease of a call is over: whoever made it is gone. */
export function loseCall(endpoint: EndpointState, ticket: CallTicket, now: number, rules: MeterRules): EndpointState {
  const circuit = circuits.circuitAt(endpoint.circuit, now);
  return { ...endpoint, circuit: circuits.loseCall(circuit, ticket.generation, now, rules.circuit) };
}

/** By hand. Closing it also forgets that the provider is left alone. */
export function setCircuit({ endpoint, credential }: MeterState, to: 'closed' | 'open'): MeterState {
  if (to === 'open')
    return { endpoint: { ...endpoint, circuit: circuits.openCircuit(endpoint.circuit, null) }, credential };
  const rested = { ...credential.rates, restUntil: 0, allowed: null };
  const closed = circuits.closeCircuit(endpoint.circuit);
  return { endpoint: { ...endpoint, circuit: closed }, credential: { rates: rested, backoff: NO_BACKOFF } };
}

export function loadOf(sight: MeterSight, rules: MeterRules): EndpointLoad {
  const { credential, running, maxConcurrent, limits, now } = sight;
  const { circuit, record } = endpointAt(sight.endpoint, now, rules);
  const isLeftAlone = now < credential.backoff.until;
  const asked = record.asked ?? 0;
  const rooms = [
    maxConcurrent - running,
    isLeftAlone ? 0 : circuits.circuitRoom(circuit, running, now, rules.circuit),
    rates.roomInRates(credential.rates, limits, asked, now),
  ];
  const rateMs = rates.waitForRates(credential.rates, limits, asked, now);
  const freeAt = Math.max(circuit.openUntil ?? 0, credential.backoff.until, now + rateMs);
  return {
    running,
    latencyMs: record.latencyMs,
    circuit: isLeftAlone ? 'open' : circuits.shownCircuit(circuit, now, rules.circuit),
    freeAt: freeAt > now ? freeAt : null,
    room: Math.max(0, Math.min(...rooms)),
    succeeded: record.succeeded,
    failed: record.failed,
  };
}

function endpointAt({ circuit, record, retries }: EndpointState, now: number, rules: MeterRules): EndpointState {
  return {
    circuit: circuits.circuitAt(circuit, now),
    record: recordAt(record, now, rules.record),
    retries: retriesAt(retries, now, rules.retry),
  };
}
