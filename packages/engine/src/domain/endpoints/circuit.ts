/**
 * The circuit of an endpoint. It opens after so many failures in a row, or when too large a part of the calls of the last minute
 * has failed; after a while it lets a few trials through, and the first that ends decides.
 */
import type { Circuit } from '@weft/contract';

import { counted, recent, SECOND_MS } from './seconds.ts';
import type { Seconds } from './seconds.ts';

export type CircuitRules = {
  /** So many failures in a row open it. */
  failures: number;
  /** A part of the calls that open it, or that make it careful: then no more than `trials` are under way at once. */
  openRate: number;
  carefulRate: number;
  /** Over so long, ms, and not before so many calls. */
  windowMs: number;
  minimum: number;
  /** How long it stays open, ms. */
  recoveryMs: number;
  trials: number;
};

export const CIRCUIT_RULES: CircuitRules = {
  failures: 5,
  openRate: 0.15,
  carefulRate: 0.09,
  windowMs: 60_000,
  minimum: 20,
  recoveryMs: 60_000,
  trials: 3,
};

export type CircuitState = {
  status: Circuit;
  /** Failures since the last success. */
  row: number;
  /** Rises with each change of the status: what began under another one says nothing about this one. */
  generation: number;
  /** While it is open, epoch ms; null: until it is closed by hand. */
  openUntil: number | null;
  /** While it is half open: trials that were let through and have not come to nothing, and those of them that nobody ever reported. */
  trials: number;
  lost: number;
  /** Calls that have succeeded and failed, by the second of their end. */
  succeeded: Seconds;
  failed: Seconds;
};

export const CLOSED: CircuitState = {
  status: 'closed',
  row: 0,
  generation: 0,
  openUntil: null,
  trials: 0,
  lost: 0,
  succeeded: {},
  failed: {},
};

/** As it is now: time alone makes it half open. */
export function circuitAt(state: CircuitState, now: number): CircuitState {
  const isOver = state.status === 'open' && state.openUntil !== null && now >= state.openUntil;
  return isOver ? become(state, { status: 'half_open' }) : state;
}

/** How many more calls it lets through, of which so many are under way. Of a state as it is now. */
export function circuitRoom(state: CircuitState, running: number, now: number, rules: CircuitRules): number {
  if (state.status === 'open') return 0;
  if (state.status === 'half_open') return Math.max(0, rules.trials - state.trials);
  return isCareful(state, now, rules) ? Math.max(0, rules.trials - running) : Number.POSITIVE_INFINITY;
}

/** As it is shown: half open also where it is careful. Of a state as it is now. */
export function shownCircuit(state: CircuitState, now: number, rules: CircuitRules): Circuit {
  return state.status === 'closed' && isCareful(state, now, rules) ? 'half_open' : state.status;
}

/** A call is let through. */
export function passCircuit(state: CircuitState): CircuitState {
  return state.status === 'half_open' ? { ...state, trials: state.trials + 1 } : state;
}

/** A call that was let through in this generation has ended. Of a state as it is now. */
export function reportCircuit(
  state: CircuitState,
  report: { generation: number; verdict: 'succeeded' | 'failed' | 'neutral' },
  now: number,
  rules: CircuitRules,
): CircuitState {
  const { verdict } = report;
  if (report.generation !== state.generation || state.status === 'open') return state;
  if (state.status === 'half_open') {
    if (verdict === 'neutral') return { ...state, trials: Math.max(0, state.trials - 1) };
    return verdict === 'succeeded' ? closeCircuit(state) : openCircuit(state, now + rules.recoveryMs);
  }
  if (verdict === 'neutral') return state;
  const next = count(state, verdict, now, rules);
  const isOver = next.row >= rules.failures || failureRate(next, now, rules) >= rules.openRate;
  return isOver ? openCircuit(next, now + rules.recoveryMs) : next;
}

/** A call was let through in this generation, and nobody will ever say what came of it. */
export function loseCall(state: CircuitState, generation: number, now: number, rules: CircuitRules): CircuitState {
  if (generation !== state.generation || state.status !== 'half_open') return state;
  const lost = state.lost + 1;
  return lost >= rules.trials ? openCircuit(state, now + rules.recoveryMs) : { ...state, lost };
}

export function closeCircuit(state: CircuitState): CircuitState {
  return become(state, { status: 'closed' });
}

/** `until` null: until it is closed by hand. */
export function openCircuit(state: CircuitState, until: number | null): CircuitState {
  return become(state, { status: 'open', openUntil: until });
}

/** The part of the calls in the window that have failed; 0 while there are too few of them to say so. */
export function failureRate(state: CircuitState, now: number, rules: CircuitRules): number {
  const failed = recent(state.failed, now, rules.windowMs);
  const all = failed + recent(state.succeeded, now, rules.windowMs);
  return all < rules.minimum ? 0 : failed / all;
}

function isCareful(state: CircuitState, now: number, rules: CircuitRules): boolean {
  return failureRate(state, now, rules) >= rules.carefulRate;
}

function become(state: CircuitState, to: Pick<CircuitState, 'status'> & Partial<CircuitState>): CircuitState {
  return { ...CLOSED, generation: state.generation + 1, ...to };
}

function count(state: CircuitState, verdict: 'succeeded' | 'failed', now: number, rules: CircuitRules): CircuitState {
  const more = { second: Math.floor(now / SECOND_MS), more: 1, now, windowMs: rules.windowMs };
  const row = verdict === 'failed' ? state.row + 1 : 0;
  return { ...state, [verdict]: counted(state[verdict], more), row };
}
