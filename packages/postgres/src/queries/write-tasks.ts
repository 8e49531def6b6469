/** Task rows: armed, changed, taken back, closed. */
import type { Client } from '../connection.ts';
import { itemScope } from '../item-scope.ts';
import { json, storedOutput, storedWaits } from '../rows.ts';
import { sendRows } from './planned-run.ts';
import type { Decision, PlannedRun, Tagged } from './planned-run.ts';

type Task = Decision['tasks'][number];

/** Live tasks of an ended run that one transaction closes. */
const CLOSE_WINDOW = 1000;

/** Arming is an idempotent insert: the key is derived from what is armed (rule B6). */
export function insertTasks(client: Client, rows: Tagged<Task>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'insert-tasks',
    text: `insert into task (run_id, key, epoch, id, tenant, node, status, attempt, failures, crashes, blamed, lane,
        priority, reads_at, ready_at, offered_at, settled_at, settled_step, captured, fate, output, error, item, scope,
        item_index, iterations, waits, detail, limit_key)
      select u.run_id, u.key, u.epoch, u.id, u.tenant, u.node, u.status, u.attempt, u.failures, u.crashes, u.blamed, u.lane,
        u.priority, u.reads_at, to_timestamp(u.ready_at / 1000), to_timestamp(u.offered_at / 1000),
        to_timestamp(u.settled_at / 1000), u.settled_step, u.captured, u.fate, u.output, u.error, u.item, u.scope,
        u.item_index, u.iterations, u.waits, u.detail, u.limit_key
      from unnest($1::uuid[], $2::text[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[],
        $10::int[], $11::boolean[], $12::text[], $13::smallint[], $14::int[], $15::float8[], $16::float8[], $17::float8[],
        $18::int[], $19::json[], $20::json[], $21::json[], $22::json[], $23::json[], $24::text[], $25::int[], $26::json[],
        $27::text[], $28::json[], $29::text[])
        as u (run_id, key, epoch, id, tenant, node, status, attempt, failures, crashes, blamed, lane, priority, reads_at,
          ready_at, offered_at, settled_at, settled_step, captured, fate, output, error, item, scope, item_index, iterations,
          waits, detail, limit_key)
      on conflict do nothing`,
    columns: [
      (task) => task.key,
      (task) => task.epoch,
      (task) => task.id,
      (_, run) => run.plan.decision.head.workflow.tenant,
      (task) => task.node,
      (task) => task.status,
      (task) => task.attempt,
      (task) => task.failures,
      (task) => task.crashes,
      (task) => task.blamed,
      (task) => task.lane,
      (task) => task.priority,
      (task) => task.readsAt,
      (task) => task.readyAt,
      (task, run) => (run.plan.offered.has(task.key) ? run.now : null),
      (task, run) => task.settledAt ?? (task.status === 'cancelled' ? run.now : null),
      (task) => task.settledStep,
      (task) => json(task.captured),
      (task) => json(task.fate),
      (task) => json(storedOutput(task)),
      (task) => json(task.error),
      (task) => json(task.item),
      (task) => itemScope(task.key).scope,
      (task) => itemScope(task.key).index,
      (task) => json(task.iterations),
      (task) => storedWaits(task),
      (task) => json(task.detail),
      (task) => task.limitKey,
    ],
  });
}

/** A task that is handed out anew loses what its former attempt had; one that is settled keeps when it had started. */
export function updateTasks(client: Client, rows: Tagged<Task>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'update-tasks',
    text: `update task t set status = u.status, attempt = u.attempt, failures = u.failures, crashes = u.crashes,
        blamed = u.blamed, ready_at = to_timestamp(u.ready_at / 1000),
        offered_at = case when u.status = 'ready' then to_timestamp(u.offered_at / 1000) else t.offered_at end,
        started_at = case when u.status not in ('ready', 'waiting')
          then coalesce(t.started_at, to_timestamp(u.started_at / 1000)) end,
        deadline = case when u.status = 'running' then t.deadline end,
        settled_at = to_timestamp(u.settled_at / 1000), settled_step = u.settled_step,
        worker = coalesce(u.worker, case when u.status in ('ready', 'waiting') then null else t.worker end),
        output = u.output, error = u.error, waits = u.waits, detail = u.detail
      from unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $6::int[], $7::int[], $8::boolean[],
        $9::float8[], $10::float8[], $11::float8[], $12::float8[], $13::int[], $14::text[], $15::json[], $16::json[],
        $17::text[], $18::json[])
        as u (run_id, key, epoch, status, attempt, failures, crashes, blamed, ready_at, offered_at, started_at,
          settled_at, settled_step, worker, output, error, waits, detail)
      where t.run_id = u.run_id and t.key = u.key and t.epoch = u.epoch`,
    columns: [
      (task) => task.key,
      (task) => task.epoch,
      (task) => task.status,
      (task) => task.attempt,
      (task) => task.failures,
      (task) => task.crashes,
      (task) => task.blamed,
      (task) => task.readyAt,
      (task, run) => (run.plan.offered.has(task.key) ? run.now : null),
      (task) => task.startedAt,
      (task, run) => task.settledAt ?? (task.status === 'cancelled' ? run.now : null),
      (task) => task.settledStep,
      (task) => task.worker,
      (task) => json(storedOutput(task)),
      (task) => json(task.error),
      (task) => storedWaits(task),
      (task) => json(task.detail),
    ],
  });
}

/** A row that is armed anew in its epoch makes room; any other stays for whoever goes back to where it counted. */
export function takeBackTasks(client: Client, runs: readonly PlannedRun[]): Promise<unknown>[] {
  const rows = runs.flatMap((run) => {
    const { takenBack, tasks } = run.plan.decision;
    if (takenBack.length === 0) return [];
    const epochs = new Map(tasks.map(({ key, epoch }) => [key, epoch]));
    return takenBack.map((row) => ({ run, row: { ...row, isReplaced: epochs.get(row.key) === row.epoch } }));
  });
  return sendRows(client, rows, {
    name: 'take-back-tasks',
    text: `with u as materialized (
        select * from unnest($1::uuid[], $2::text[], $3::int[], $4::boolean[]) as u (run_id, key, epoch, is_replaced)
      ), deleted as (
        delete from task t using u where t.run_id = u.run_id and t.key = u.key and t.epoch = u.epoch and u.is_replaced
      )
      update task t set superseded = true, waits = null, offered_at = null, deadline = null,
        status = case when t.status in ('ready', 'running', 'waiting') then 'cancelled' else t.status end,
        settled_at = coalesce(t.settled_at, now())
      from u where t.run_id = u.run_id and t.key = u.key and t.epoch = u.epoch and not u.is_replaced`,
    columns: [(task) => task.key, (task) => task.epoch, (task) => task.isReplaced],
  });
}

/** Rarely there is any: so it is no column of what every settle writes. */
export function writeLetters(client: Client, rows: Tagged<Decision['letters'][number]>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'write-letters',
    text: `update task t set letter = u.letter from unnest($1::uuid[], $2::text[], $3::int[], $4::json[]) as u (run_id, key, epoch, letter)
      where t.run_id = u.run_id and t.key = u.key and t.epoch = u.epoch`,
    columns: [(task) => task.key, (task) => task.epoch, (task) => json(task.letter)],
  });
}

/** Closes one window of an ended run's live tasks; the mail that asked for it stays until nothing is left (rule A13). */
export function closeTasks(client: Client, runs: readonly PlannedRun[]): Promise<unknown>[] {
  return runs.map(({ runId }) =>
    client.query({
      name: 'close-tasks',
      text: `with live as materialized (
          select run_id, key, epoch from task where run_id = $1 and status in ('ready', 'running', 'waiting') limit ${CLOSE_WINDOW}
        ), closed as (
          update task t set status = 'cancelled', waits = null, settled_at = now(), offered_at = null, deadline = null
          from live where t.run_id = live.run_id and t.key = live.key and t.epoch = live.epoch returning 1
        ), dropped as (
          delete from timer where run_id = $1 returning 1
        )
        delete from inbox where run_id = $1 and kind = 'close' and (select count(*) from closed) < ${CLOSE_WINDOW}`,
      values: [runId],
    }),
  );
}
