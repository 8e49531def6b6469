/** Rows as Postgres gives them, and the engine's records that they are. */
import type { Json, JsonObject, TaskError } from '@weft/contract';
import { freshHead, freshTask } from '@weft/engine/domain';
import type {
  Fate,
  Jumps,
  Letter,
  Priority,
  RunHead,
  RunParent,
  RunStatus,
  TaskDetail,
  TaskRecord,
  TaskStatus,
  Waits,
} from '@weft/engine/domain';

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
  jumps: Jumps | null;
  kept: number;
  parent_run: string | null;
  parent_key: string | null;
  parent_epoch: number | null;
  depth: number;
  payer: RunHead['payer'];
  has_callbacks: boolean;
};

export const HEAD_COLUMNS = `r.id, r.tenant, r.workflow, r.version, r.status, r.epoch, r.step, r.live, r.asking,
  r.generations, r.failed, r.open_joins, r.priority, r.jumps, r.kept, r.parent_run, r.parent_key, r.parent_epoch, r.depth,
  r.payer, r.has_callbacks`;

export function toHead(row: HeadRow): RunHead {
  const { id, status, epoch, step, live, asking, generations, failed, priority, jumps, kept, payer } = row;
  const workflow = { tenant: row.tenant, name: row.workflow, version: row.version };
  const counts = { epoch, step, live, asking, generations, failed, openJoins: row.open_joins };
  const parent = toParent(row);
  const told = row.has_callbacks ? { hasCallbacks: true as const } : {};
  return freshHead({ id, workflow, status, ...counts, priority, jumps, kept, parent, payer, ...told });
}

function toParent({ parent_run: runId, parent_key: key, parent_epoch: epoch, depth }: HeadRow): RunParent | null {
  return runId === null || key === null || epoch === null ? null : { runId, key, epoch, depth };
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
  limit_key: string | null;
  reads_at: number;
  ready_at: number;
  offered_at: number | null;
  started_at: number | null;
  deadline: number | null;
  settled_at: number | null;
  settled_step: number | null;
  worker: string | null;
  captured: JsonObject | null;
  item: Json;
  iterations: Record<string, number> | null;
  fate: Fate | null;
  waits: Waits | null;
  detail: TaskDetail | null;
  output: Json;
  error: TaskError | null;
  letter: Letter | null;
};

/** The output of a row of tasks; that of a send is put together from its items, and stands nowhere else (rule B7). */
export function outputOf(task: string): string {
  return `case when ${task}.detail->>'kind' = 'items' and ${task}.status = 'succeeded'
    then items_output(${task}.run_id, ${task}.key) else ${task}.output end`;
}

function taskColumns(output: string): string {
  return `t.run_id, t.key, t.epoch, t.id, t.node, t.status, t.attempt, t.failures, t.crashes, t.blamed,
  t.lane, t.priority, t.limit_key, t.reads_at, t.ready_at, t.offered_at, t.started_at, t.deadline, t.settled_at, t.settled_step,
  t.worker, t.captured, t.item, t.iterations, t.fate, t.waits, t.detail, ${output} as output, t.error, t.letter`;
}

export const TASK_COLUMNS = taskColumns(outputOf('t'));

/** Without what sends have put together, which takes as long as they have items. */
export const STORED_TASK_COLUMNS = taskColumns('t.output');

export function toTask(row: TaskRow): TaskRecord {
  const { key, epoch, id, node, status, attempt, failures, crashes, blamed, lane, priority } = row;
  const { captured, item, iterations, fate, waits, detail, output, error, worker, letter } = row;
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
    limitKey: row.limit_key,
    readsAt: row.reads_at,
    readyAt: row.ready_at,
    captured,
    item,
    iterations,
    fate,
    waits,
    detail,
    output,
    error,
    settledStep: row.settled_step,
    settledAt: row.settled_at,
    startedAt: row.started_at,
    worker,
    letter,
  });
}

/** A value as a json parameter; null stays SQL's null where the column may be null. */
export function json(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/** What stands in the column of a task's output: nothing before it has settled, and nothing of a send. */
export function storedOutput({ settledStep, detail, output }: TaskRecord): Json {
  return settledStep === null || detail?.kind === 'items' ? null : output;
}

/** What stands in its column `waits`: nothing unless it waits, and a pause before the next attempt where it says no more. */
export function storedWaits({ status, waits }: TaskRecord): Waits | null {
  return status === 'waiting' ? (waits ?? 'retry') : null;
}
