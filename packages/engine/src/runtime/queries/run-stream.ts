/** The stream of a run: what is asked for, and what comes. */
import type { Event, EventMode } from '@weft/contract';

import type { Place } from '../../domain/place.ts';
import type { RunStatus } from '../../domain/run/records.ts';
import type { Clock, EventBus, LiveLog } from '../../ports/index.ts';
import type { QueryDeps } from './query-deps.ts';

export type StreamDeps = Pick<QueryDeps, 'reader' | 'loadGraph'> & {
  bus: EventBus;
  live: LiveLog;
  clock: Pick<Clock, 'after' | 'now' | 'monotonicMs'>;
};

export type StreamRequest = {
  tenant: string;
  runId: string;
  /** What is known already: all steps up to it, and the live events up to it. */
  after: Place;
  modes: ReadonlySet<EventMode>;
  /** Ends the stream. */
  signal: AbortSignal;
};

/**
 * `events` are all of one place, a step or one between steps: once they are taken, the place is known. `gap`: live events
 * behind `after` are missing, for they are not held any more, or nobody knows; steps never are.
 */
export type StreamItem =
  | { kind: 'events'; events: Event[] }
  | { kind: 'gap'; runId: string; after: Place }
  | { kind: 'end'; runId: string; step: number; status: RunStatus };

/** Gives the stream of a run that exists. It reads no further ahead than its consumer takes. */
export type RunStreams = (request: StreamRequest) => AsyncGenerator<StreamItem, void>;
