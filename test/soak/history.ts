/** What the clients and the monkey have seen and done, as the checker reads it. */
import type { Expectation } from './shape.ts';

/** What a client asked for. `unknown`: no answer came, so it may have been done or not. */
export type Call = {
  /** Of the monotonic clock, ms. */
  from: number;
  to: number;
  what: string;
  program: number;
  outcome: 'ok' | 'refused' | 'unknown';
  /** Of a start. */
  key?: string;
  runId?: string;
  /** Why it was refused. */
  code?: string;
};

/** The steps that one stream brought, in their order, and the end that it told. */
export type Followed = {
  runId: string;
  by: 'sse' | 'ws';
  steps: number[];
  end: { step: number; status: string } | null;
};

/** What must come of a run that a client was told of. */
export type Promised = { runId: string; program: number; kind: string; expect: Expectation };

/** How long after the lifting of a storm that it was part of. */
export type Recovery = {
  kind: string;
  /** Until twenty more steps were committed, ms. */
  movesMs: number;
  /** Until all that was under way at the lifting had been settled or handed out anew, ms. */
  caughtUpMs: number;
};

export type History = {
  calls: Call[];
  followed: Followed[];
  promised: Promised[];
  recoveries: Recovery[];
  /** How often each kind of fault was injected. */
  faults: Record<string, number>;
  skipped: Record<string, number>;
};

export function emptyHistory(): History {
  return { calls: [], followed: [], promised: [], recoveries: [], faults: {}, skipped: {} };
}
