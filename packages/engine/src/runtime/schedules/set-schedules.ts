/** Setting schedules, and stopping them. */
import { AppError } from '@weft/contract';

import { makeUuidV7 } from '../../domain/ids.ts';
import { timetableOf } from '../../domain/schedules/timetable.ts';
import type { ScheduleRecord } from '../../ports/index.ts';
import type { EngineDeps } from '../deps.ts';
import type { GraphCache } from '../graph-cache.ts';
import { activated, nextOf } from './activate.ts';
import { changeSchedule, notThere } from './change-schedule.ts';
import type { ScheduleCommands } from './commands.ts';
import { checkDefinition, definitionOf } from './define.ts';

type SetDeps = Pick<EngineDeps, 'schedules' | 'workflows' | 'inputs' | 'clock'> & { graphs: GraphCache };

export function createSetting(
  deps: SetDeps,
): Pick<ScheduleCommands, 'createSchedule' | 'replaceSchedule' | 'removeSchedule'> {
  const { schedules, clock } = deps;
  return {
    async createSchedule(tenant, { name, paused = false, note, ...body }, { key, most }) {
      const definition = definitionOf(body, key);
      const now = await schedules.now();
      const { timetable, first } = await checkDefinition(deps, { tenant, name, now }, definition);
      const id = makeUuidV7(clock.now(), clock.randomBytes(10));
      const times = { nextAt: null, wakeAt: null, takenAt: null, createdAt: now, updatedAt: now };
      const bare: ScheduleRecord = {
        id,
        tenant,
        name,
        definition,
        state: 'paused',
        note: note ?? null,
        failures: 0,
        ...times,
      };
      const outcome = await schedules.create(paused ? bare : activated(bare, first, timetable), most);
      if (outcome === 'taken') throw new AppError('conflict', `there is a schedule ${JSON.stringify(name)} already`);
      if (outcome === 'full') throw new AppError('limit_schedules', `a tenant has at most ${most} schedules`);
    },
    async replaceSchedule(tenant, name, body, { key }) {
      const definition = definitionOf(body, key);
      const now = await schedules.now();
      const { timetable } = await checkDefinition(deps, { tenant, name, now }, definition);
      await changeSchedule(deps, { tenant, name }, ({ schedule, now: at }) => {
        const changed = { ...schedule, definition, failures: 0 };
        if (schedule.state === 'paused') return { schedule: changed, add: [], result: null };
        return { schedule: activated(changed, nextOf(changed, timetable, at), timetable), add: [], result: null };
      });
    },
    async removeSchedule(tenant, name) {
      if (!(await schedules.remove(tenant, name))) notThere(name);
    },
  };
}

export function createPausing(
  deps: Pick<EngineDeps, 'schedules'>,
): Pick<ScheduleCommands, 'pauseSchedule' | 'resumeSchedule'> {
  return {
    async pauseSchedule(tenant, name, note) {
      await changeSchedule(deps, { tenant, name }, ({ schedule, now }) => {
        if (schedule.state === 'ended') throw new AppError('conflict', 'the schedule has ended');
        // Looked at once more, for what waits.
        return { schedule: { ...schedule, state: 'paused', note, nextAt: null, wakeAt: now }, add: [], result: null };
      });
    },
    async resumeSchedule(tenant, name, note) {
      await changeSchedule(deps, { tenant, name }, ({ schedule, now }) => {
        if (schedule.state === 'active') return { schedule: { ...schedule, note }, add: [], result: null };
        const timetable = timetableOf(schedule.definition.spec);
        const next = schedule.state === 'ended' ? null : nextOf(schedule, timetable, now);
        if (next === null) throw new AppError('conflict', 'the schedule has no instant to come');
        return { schedule: activated({ ...schedule, note, failures: 0 }, next, timetable), add: [], result: null };
      });
    },
  };
}
