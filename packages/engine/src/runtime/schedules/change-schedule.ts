import { AppError } from '@weft/contract';

import type { ScheduleChange, ScheduleChanging, ScheduleStore } from '../../ports/index.ts';

/** Changes a schedule under its lock. Throws AppError `not_found`. */
export async function changeSchedule<T>(
  { schedules }: { schedules: ScheduleStore },
  { tenant, name }: { tenant: string; name: string },
  decide: (seen: ScheduleChanging) => ScheduleChange<T>,
) {
  return (await schedules.change(tenant, name, decide)) ?? notThere(name);
}

export function notThere(name: string): never {
  throw new AppError('not_found', `there is no schedule ${JSON.stringify(name)}`);
}
