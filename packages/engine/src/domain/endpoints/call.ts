/** A call to an endpoint, as far as what all workers share of the endpoint is concerned. */
import type { Circuit } from '@weft/contract';

/** What all processes know together of how an endpoint is. */
export type EndpointLoad = {
  running: number;
  /** Exponentially weighted, ms; null before the first answer. */
  latencyMs: number | null;
  circuit: Circuit;
  /**
   * When the circuit may let a trial through, or a rate has room again, epoch ms; null: now, or, where the circuit is open, once
   * it is closed by hand.
   */
  freeAt: number | null;
  /** How many calls may begin now, at most: as places, circuit and rates allow together. */
  room: number;
  /** Of its answers, those of the last hours above all; so they are no whole numbers. */
  succeeded: number;
  failed: number;
};

export type CallGrant =
  | { kind: 'granted' }
  /** `waitMs`: when it is worth asking again, at least. */
  | { kind: 'refused'; reason: RefusedCall; waitMs: number };

/** `retry_budget`: it is a repeat, and too many of the endpoint's calls are repeats already. */
export type RefusedCall = 'full' | 'circuit_open' | 'rate_limited' | 'retry_budget';

/** `tokens`: how many it may need at most. `isRetry`: its task has failed before. */
export type EndpointCall = { callId: string; tokens: number; leaseMs: number; isRetry?: boolean };

/** What came of a call, as far as the endpoint is concerned. */
export type CallReport = {
  /** `neutral`: neither speaks for nor against the endpoint (cancelled, a bad request). */
  verdict: 'succeeded' | 'failed' | 'neutral';
  latencyMs: number;
  /** Input and output together. */
  tokens: number;
  /** The endpoint said that it wants to be left alone for so long. */
  retryAfterMs?: number;
  /** What it said of its rate limit. */
  rateLimit?: { remaining: number; limit?: number; resetMs: number };
  /** The provider refuses all that comes with this credential: it is out of credit, or not valid any more. */
  isProviderWide?: boolean;
};

/** What a call took, so that its end can give it back. `second`: since the epoch, when it began. */
export type CallTicket = { generation: number; tokens: number; second: number };
