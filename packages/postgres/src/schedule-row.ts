/** Rows of schedules and of their firings. */
import type { FireKind, FireOutcome, OverlapPolicy, ScheduleState } from '@weft/contract';
import type { FireReason, FireRecord, ScheduleDefinition, ScheduleRecord, ShownFire } from '@weft/engine/ports';

import { arrayText } from './array-text.ts';
import { json } from './rows.ts';

export type ScheduleRow = {
  id: string;
  tenant: string;
  name: string;
  definition: ScheduleDefinition;
  state: ScheduleState;
  note: string | null;
  next_at: number | null;
  wake_at: number | null;
  taken_at: number | null;
  failures: number;
  created_at: number;
  updated_at: number;
};

export const SCHEDULE_COLUMNS =
  's.id, s.tenant, s.name, s.definition, s.state, s.note, s.next_at, s.wake_at, s.taken_at, s.failures, s.created_at, s.updated_at';

export function toSchedule(row: ScheduleRow): ScheduleRecord {
  const { id, tenant, name, definition, state, note, failures } = row;
  const times = {
    takenAt: row.taken_at,
    nextAt: row.next_at,
    wakeAt: row.wake_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
  return { id, tenant, name, definition, state, note, failures, ...times };
}

export type FireRow = {
  schedule_id: string;
  instant: number;
  kind: FireKind;
  outcome: FireOutcome;
  overlap: OverlapPolicy | null;
  reason: FireReason | null;
  deadline: number | null;
  not_before: number | null;
  missed_count: number | null;
  missed_from: number | null;
  run_id: string | null;
  run_status: FireRecord['runStatus'];
  is_closed: boolean;
  changed_at: number;
};

export const FIRE_COLUMNS = `f.schedule_id, f.instant, f.kind, f.outcome, f.overlap, f.reason, f.deadline, f.not_before,
  f.missed_count, f.missed_from, f.run_id, f.run_status, f.is_closed, f.changed_at`;

export function toFire(row: FireRow): ShownFire {
  const { instant, kind, outcome, overlap, reason, deadline } = row;
  const missed =
    row.missed_count === null || row.missed_from === null ? null : { count: row.missed_count, from: row.missed_from };
  const run = { runId: row.run_id, runStatus: row.run_status, isClosed: row.is_closed };
  return {
    instant,
    kind,
    outcome,
    overlap,
    reason,
    deadline,
    notBefore: row.not_before,
    missed,
    ...run,
    at: row.changed_at,
  };
}

/** Epoch ms of a parameter, as an instant; null stays null. */
export function instantOf(column: string): string {
  return `to_timestamp(${column} / 1000)`;
}

export type OwnedFire = { scheduleId: string; fire: FireRecord };

/** Parameters $1 to $12 of a statement over many firings. */
export const FIRE_ARRAYS = `unnest($1::uuid[], $2::float8[], $3::text[], $4::text[], $5::text[], $6::json[], $7::float8[],
    $8::float8[], $9::int[], $10::float8[], $11::text[], $12::boolean[])
  as u (schedule_id, instant, kind, outcome, overlap, reason, deadline, not_before, missed_count, missed_from, run_status, is_closed)`;

export function fireArrays(fires: readonly OwnedFire[]): string[] {
  return [
    fires.map(({ scheduleId }) => scheduleId),
    fires.map(({ fire }) => fire.instant),
    fires.map(({ fire }) => fire.kind),
    fires.map(({ fire }) => fire.outcome),
    fires.map(({ fire }) => fire.overlap),
    fires.map(({ fire }) => json(fire.reason)),
    fires.map(({ fire }) => fire.deadline),
    fires.map(({ fire }) => fire.notBefore),
    fires.map(({ fire }) => fire.missed?.count),
    fires.map(({ fire }) => fire.missed?.from),
    fires.map(({ fire }) => fire.runStatus),
    fires.map(({ fire }) => fire.isClosed),
  ].map(arrayText);
}
