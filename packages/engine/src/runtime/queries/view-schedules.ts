/** Schedules as the wire shows them. */
import { AppError } from '@weft/contract';
import type { FireOutcome, NextInstants, Schedule, ScheduleFire, ScheduleSpec, ScheduleState } from '@weft/contract';

import { nextInstants } from '../../domain/schedules/instants.ts';
import { timetableOf } from '../../domain/schedules/timetable.ts';
import type { ScheduleStore, ScheduleView, ShownFire } from '../../ports/index.ts';
import { checkedTimetable } from '../schedules/define.ts';
import { toInstant, toInstantOrNull } from './instant.ts';

type ScheduleReader = { schedules: Pick<ScheduleStore, 'get' | 'list' | 'fires' | 'now'> };

/** Throws AppError `not_found`. */
export async function viewSchedule({ schedules }: ScheduleReader, tenant: string, name: string): Promise<Schedule> {
  const view = await schedules.get(tenant, name);
  if (!view) throw notThere(name);
  return toSchedule(view);
}

type Listing = { limit: number; after: string | null; state: ScheduleState | null; workflow: string | null };

/** By name. */
export async function listSchedules({ schedules }: ScheduleReader, tenant: string, { limit, ...filter }: Listing) {
  const views = await schedules.list({ tenant, limit: limit + 1, ...filter });
  return { items: views.slice(0, limit).map(toSchedule), hasMore: views.length > limit };
}

type FireListing = { limit: number; before: number | null; outcome: FireOutcome | null };

/** The last first. Throws AppError `not_found`. */
export async function listFires(
  { schedules }: ScheduleReader,
  { tenant, name }: { tenant: string; name: string },
  { limit, ...filter }: FireListing,
) {
  const fires = await schedules.fires({ tenant, name, limit: limit + 1, ...filter });
  if (!fires) throw notThere(name);
  return { items: fires.slice(0, limit).map(toFire), hasMore: fires.length > limit };
}

/** The next instants of a schedule, whether it is paused or not. Throws AppError `not_found`. */
export async function nextOfSchedule(
  deps: ScheduleReader,
  { tenant, name }: { tenant: string; name: string },
  request: { count: number; after: string | null },
): Promise<NextInstants> {
  const view = await deps.schedules.get(tenant, name);
  if (!view) throw notThere(name);
  return previewSchedule(deps, view.schedule.definition.spec, request);
}

/** Throws AppError `invalid_request` with the place in the spec. */
export async function previewSchedule(
  { schedules }: ScheduleReader,
  spec: ScheduleSpec,
  { count, after }: { count: number; after: string | null },
): Promise<NextInstants> {
  checkedTimetable(spec);
  const timetable = timetableOf(spec);
  const from = after === null ? await schedules.now() : Date.parse(after);
  const instants = nextInstants(timetable, from, count);
  return { items: instants.map((instant) => ({ scheduledFor: toInstant(instant), local: timetable.local(instant) })) };
}

export function toFire(fire: ShownFire): ScheduleFire {
  const { kind, outcome, reason, runId, runStatus, missed, at } = fire;
  return {
    scheduledFor: toInstant(fire.instant),
    kind,
    outcome,
    reason,
    runId,
    runStatus,
    ...(missed && { missed: { count: missed.count, from: toInstant(missed.from) } }),
    at: toInstant(at),
  };
}

function toSchedule({ schedule, last, waiting, running }: ScheduleView): Schedule {
  const { name, definition, state, note, nextAt, failures, createdAt, updatedAt } = schedule;
  const { description, spec, workflow, input, config, priority, tags, budget, overlap, catchUpMs } = definition;
  const { pauseAfterFailures } = definition;
  return {
    name,
    ...(description !== null && { description }),
    spec,
    workflow: workflow.version === null ? workflow.name : { name: workflow.name, version: workflow.version },
    input,
    ...(Object.keys(config).length > 0 && { config }),
    ...(priority && { priority }),
    tags,
    ...(budget && { budget }),
    overlap,
    catchUpMs,
    ...(pauseAfterFailures !== null && { pauseAfterFailures }),
    state,
    note,
    nextAt: toInstantOrNull(nextAt),
    lastFire: last && toFire(last),
    waiting,
    running,
    failures,
    createdAt: toInstant(createdAt),
    updatedAt: toInstant(updatedAt),
  };
}

function notThere(name: string): AppError {
  return new AppError('not_found', `there is no schedule ${JSON.stringify(name)}`);
}
