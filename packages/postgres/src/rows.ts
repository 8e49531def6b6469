/** Rows as Postgres gives them, and the engine's records that they are. */
import type { Json, JsonObject, TaskError } from '@weft/contract';
import { freshHead, freshTask } from '@weft/engine/domain';
import type { Fate, Priority, RunHead, RunStatus, TaskRecord, TaskStatus } from '@weft/engine/domain';

export type HeadRow = {
  id: string;
  tenant: string;
  workflow: string;
  version: number;
  status: RunStatus;
  epoch: number;
  step: number;
  live: number;
  asking: number;
  generations: number;
  failed: number;
  open_joins: number;
  priority: Priority;
};

export const HEAD_COLUMNS = `r.id, r.tenant, r.workflow, r.version, r.status, r.epoch, r.step, r.live, r.asking,
  r.generations, r.failed, r.open_joins, r.priority`;

export function toHead(row: HeadRow): RunHead {
  const { id, status, epoch, step, live, asking, generations, failed, priority } = row;
  const workflow = { tenant: row.tenant, name: row.workflow, version: row.version };
  const counts = { epoch, step, live, asking, generations, failed, openJoins: row.open_joins };
  return freshHead({ id, workflow, status, ...counts, priority });
}

export type TaskRow = {
  run_id: string;
  key: string;
  epoch: number;
  id: string;
  node: string;
  status: TaskStatus;
  attempt: number;
  failures: number;
  crashes: number;
  blamed: boolean;
  lane: string | null;
  priority: Priority;
  reads_at: number;
  ready_at: number;
  offered_at: number | null;
  started_at: number | null;
  deadline: number | null;
  settled_at: number | null;
  settled_step: number | null;
  worker: string | null;
  captured: JsonObject | null;
  fate: Fate | null;
  output: Json;
  error: TaskError | null;
};

export const TASK_COLUMNS = `t.run_id, t.key, t.epoch, t.id, t.node, t.status, t.attempt, t.failures, t.crashes, t.blamed,
  t.lane, t.priority, t.reads_at, t.ready_at, t.offered_at, t.started_at, t.deadline, t.settled_at, t.settled_step,
  t.worker, t.captured, t.fate, t.output, t.error`;

export function toTask(row: TaskRow): TaskRecord {
  const { key, epoch, id, node, status, attempt, failures, crashes, blamed, lane, priority } = row;
  const { captured, fate, output, error, worker } = row;
  return freshTask({
    key,
    epoch,
    id,
    node,
    status,
    attempt,
    failures,
    crashes,
    blamed,
    lane,
    priority,
    readsAt: row.reads_at,
    readyAt: row.ready_at,
    captured,
    fate,
    output,
    error,
    settledStep: row.settled_step,
    settledAt: row.settled_at,
    startedAt: row.started_at,
    worker,
  });
}

/** A value as a json parameter; null stays SQL's null where the column may be null. */
export function json(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
