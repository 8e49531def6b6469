import type { JsonObject } from '@weft/contract';

import type { Place } from '../domain/place.ts';

/** Something that happens between steps: told at once, held for a while, never journalled. */
export type LiveEvent = {
  runId: string;
  /** The run had come at least so far (0: not known). */
  step: number;
  mode: 'tasks' | 'custom' | 'messages';
  type: string;
  /** Epoch ms of the process that tells it. */
  at: number;
  data: JsonObject;
  /** Held only if somebody has read of this run, or if something of it is held already: it is told to who watches. */
  fleeting?: true;
};

/** In the place of live events that got lost before they were held. */
export type LiveLoss = { runId: string; step: number; mode: 'lost' };

export type LiveEntry = LiveEvent | LiveLoss;

/** An entry with the place it was given. */
export type HeldEvent = Omit<LiveEvent, 'runId' | 'fleeting'> & { n: number };

export type LiveRead = {
  runId: string;
  /** What is known already; its `n` is 0 for one that knows of steps only. */
  after: Place;
  /** The run has come so far: whatever is added from now on gets a place behind this step. */
  step: number;
  limit: number;
};

export type LivePage = {
  /** What is held after `after`, in order, at most `limit`. */
  events: HeldEvent[];
  /** Where to read on. Beyond the last event, where something behind it got lost. */
  next: Place;
  more: boolean;
  /** Something after `after` is not held any more, or got lost, or may have been: nobody can tell. */
  lost: boolean;
};

/**
 * The live events of each run, in order. It forgets: the oldest of a run where they are too many or too large, runs that have
 * been quiet for long, and all of it at a restart; but who reads is told whether something it should have got is missing.
 *
 * Places are given once: they only grow, for all who read of a run, even after everything was forgotten.
 */
export type LiveLog = {
  /** Adds entries, in order, and wakes who listens on the bus to their runs. Rejects where it cannot; some may then be added. */
  append(entries: readonly LiveEntry[]): Promise<void>;
  read(request: LiveRead): Promise<LivePage>;
};

/** How much is held. */
export type LiveLimits = {
  /** Events of a run, and bytes of their JSON text. */
  runEvents: number;
  runBytes: number;
  /** Bytes of all runs. */
  totalBytes: number;
  /** How long after the last event or reader a run is held, ms. */
  idleMs: number;
};
