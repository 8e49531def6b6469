import type { FireOutcome, ScheduleState } from '@weft/contract';

import type { FireReason, FireRecord, ScheduleRecord } from '../domain/schedules/records.ts';
import type { ScheduleSight, ScheduleTick } from '../domain/schedules/tick-schedule.ts';

export type { FireReason, FireRecord, ScheduleDefinition, ScheduleRecord } from '../domain/schedules/records.ts';
export type { ScheduleSight, ScheduleTick } from '../domain/schedules/tick-schedule.ts';

/** As it is shown: with its last firing, and how many wait or run. */
export type ScheduleView = { schedule: ScheduleRecord; last: ShownFire | null; waiting: number; running: number };

/** `at`: when it became what it is. */
export type ShownFire = FireRecord & { at: number };

/** What a change leaves: the schedule, firings that are added, and a result for who asked. */
export type ScheduleChange<T> = {
  schedule: ScheduleRecord;
  add: readonly FireRecord[];
  requestKey?: string;
  result: T;
};

export type ScheduleChanging = {
  schedule: ScheduleRecord;
  now: number;
  /** How many of its firings wait. */
  waiting: number;
};

/** What became of a try to start a firing that could not be started; `retryAt` null: it has failed for good. */
export type FireReport = {
  scheduleId: string;
  instant: number;
  reason: FireReason;
  retryAt: number | null;
  deadline: number | null;
};

/** When to look at a schedule again, unless it was changed since it was to be looked at at `ifWakeAt`. */
export type ScheduleWake = { scheduleId: string; ifWakeAt: number | null; wakeAt: number | null };

/**
 * Schedules and their firings. Instants are epoch ms of the store's clock; `at` is for tests, which tell the time themselves.
 * A firing becomes `started` by the transaction that starts its run (RunStore.submit), and never twice.
 */
export type ScheduleStore = {
  /** `full`: the tenant has `most` of them. */
  create(schedule: ScheduleRecord, most: number): Promise<'created' | 'taken' | 'full'>;
  get(tenant: string, name: string): Promise<ScheduleView | null>;
  /** By name. */
  list(request: {
    tenant: string;
    limit: number;
    after: string | null;
    state: ScheduleState | null;
    workflow: string | null;
  }): Promise<ScheduleView[]>;
  /** With its firings; false if there was none. */
  remove(tenant: string, name: string): Promise<boolean>;
  /**
   * Changes a schedule under its lock; null if there is none. A firing for an instant that has one which started or waits is not
   * added; nor is anything under a request key that was used before.
   */
  change<T>(
    tenant: string,
    name: string,
    decide: (seen: ScheduleChanging) => ScheduleChange<T>,
  ): Promise<{ result: T; schedule: ScheduleRecord; added: number } | null>;
  /** Looks at schedules whose time has come, the longest first, and writes what `decide` says; another process skips them meanwhile. */
  tick(
    request: { limit: number; at: number | null },
    decide: (sight: ScheduleSight) => ScheduleTick,
  ): Promise<ScheduleTick[]>;
  /** Tells what became of the tries of a tick, and when to look at these schedules again. */
  report(reports: readonly FireReport[], wakes: readonly ScheduleWake[]): Promise<void>;
  /** The last first; `before`: those of the page before. */
  fires(request: {
    tenant: string;
    name: string;
    limit: number;
    before: number | null;
    outcome: FireOutcome | null;
  }): Promise<ShownFire[] | null>;
  /** The firing that a request has added. */
  requested(tenant: string, name: string, requestKey: string): Promise<ShownFire | null>;
  /** Deletes closed firings that are older, except where a schedule counts them. Gives how many. */
  pruneFires(olderThanMs: number, limit: number): Promise<number>;
  /** The store's clock. */
  now(): Promise<number>;
};
