import type { Backfilled, BackfillSchedule, NewSchedule, OverlapPolicy, ReplaceSchedule } from '@weft/contract';

import type { ShownFire } from '../../ports/index.ts';

/** All throw AppError `not_found` where there is no such schedule. */
export type ScheduleCommands = {
  /** Throws `conflict` where the name is taken, `limit_schedules` where the tenant has too many, `invalid_request`, `invalid_input`. */
  createSchedule(tenant: string, schedule: NewSchedule, by: { key: string | null; most: number }): Promise<void>;
  /** Throws as `createSchedule`. What waits goes on. */
  replaceSchedule(tenant: string, name: string, schedule: ReplaceSchedule, by: { key: string | null }): Promise<void>;
  removeSchedule(tenant: string, name: string): Promise<void>;
  /** Throws `conflict` where it has ended. */
  pauseSchedule(tenant: string, name: string, note: string | null): Promise<void>;
  /** It goes on with the next instant from now. Throws `conflict` where there is none. */
  resumeSchedule(tenant: string, name: string, note: string | null): Promise<void>;
  /** Starts a run now. The same request key again gives the firing of the first time. */
  runSchedule(
    tenant: string,
    name: string,
    request: { overlap: OverlapPolicy; requestKey: string | null },
  ): Promise<ShownFire>;
  /** Throws `invalid_request` for a range with too many instants, `conflict` where too many wait already. */
  backfillSchedule(tenant: string, name: string, request: BackfillSchedule): Promise<Backfilled>;
};
