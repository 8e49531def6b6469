/**
 * Writes what was decided: one statement a table for all runs of a transaction, sent without waiting for each other.
 *
 * Rows travel as one array a column and are put together by `unnest`, which costs the same for one row and for a thousand
 * and has no bound on parameters.
 */
import type { Plan } from '@weft/engine/ports';
import { TERMINAL_RUN } from '@weft/engine/domain';

import type { Client } from '../connection.ts';
import { json } from '../rows.ts';

/** A run with what was decided for it at `now`, epoch ms. */
export type PlannedRun = { runId: string; plan: Plan; now: number };

/** Sends all statements for these runs except that for their heads. Returns the answers to wait for. */
export function sendPlans(client: Client, runs: readonly PlannedRun[]): Promise<unknown>[] {
  const rows = <Row>(of: (run: PlannedRun) => readonly Row[]): Tagged<Row>[] =>
    runs.flatMap((run) => of(run).map((row) => ({ run, row })));
  const armed = rows(({ plan: { decision } }) => decision.tasks.filter((task) => decision.armed.has(task.key)));
  const changed = rows(({ plan: { decision } }) => decision.tasks.filter((task) => !decision.armed.has(task.key)));
  return [
    ...deleteTasks(
      client,
      rows(({ plan }) => plan.decision.takenBack),
    ),
    ...insertTasks(client, armed),
    ...updateTasks(client, changed),
    ...upsertJoins(
      client,
      rows(({ plan }) => plan.decision.joins),
    ),
    ...insertSteps(
      client,
      rows(({ plan }) => plan.decision.steps),
    ),
    ...insertWrites(
      client,
      rows(({ plan }) => plan.decision.writes),
    ),
    ...deleteTimers(
      client,
      rows(({ plan }) => plan.decision.timersCleared),
    ),
    ...upsertTimers(
      client,
      rows(({ plan }) => plan.decision.timersSet),
    ),
    ...insertUsage(
      client,
      rows(({ plan }) => plan.decision.usage),
    ),
    ...sendOwnMail(
      client,
      rows(({ plan }) => plan.decision.sentMail),
    ),
    ...deleteMail(
      client,
      rows(({ plan }) => plan.decision.consumedMail),
    ),
    ...updateBodies(
      client,
      rows(({ plan }) => (plan.decision.ending ? [plan.decision] : [])),
    ),
    ...closeTasks(
      client,
      runs.filter(({ plan }) => plan.decision.closes),
    ),
  ];
}

/** Rewrites the heads of runs that took a step. */
export function sendHeads(client: Client, runs: readonly PlannedRun[]): Promise<unknown>[] {
  const moved = runs.filter(({ plan }) => plan.decision.steps.length > 0);
  if (moved.length === 0) return [];
  const heads = moved.map(({ plan }) => plan.decision.head);
  return [
    client.query({
      name: 'update-runs',
      text: `update run r set status = u.status, epoch = u.epoch, step = u.step, live = u.live, asking = u.asking,
          generations = u.generations, failed = u.failed, open_joins = u.open_joins,
          ended_at = case when u.ended then coalesce(r.ended_at, to_timestamp(u.now / 1000)) end
        from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
          $10::boolean[], $11::float8[])
          as u (id, status, epoch, step, live, asking, generations, failed, open_joins, ended, now)
        where r.id = u.id`,
      values: [
        heads.map((head) => head.id),
        heads.map((head) => head.status),
        heads.map((head) => head.epoch),
        heads.map((head) => head.step),
        heads.map((head) => head.live),
        heads.map((head) => head.asking),
        heads.map((head) => head.generations),
        heads.map((head) => head.failed),
        heads.map((head) => head.openJoins),
        heads.map((head) => TERMINAL_RUN.has(head.status)),
        moved.map((run) => run.now),
      ],
    }),
  ];
}

type Tagged<Row> = { run: PlannedRun; row: Row };
type Decision = Plan['decision'];

/** Sends the statement unless there are no rows; each column is a function of a row. */
function send<Row>(
  client: Client,
  rows: readonly Tagged<Row>[],
  statement: { name: string; text: string; columns: ((row: Row, run: PlannedRun) => unknown)[] },
): Promise<unknown>[] {
  if (rows.length === 0) return [];
  const { name, text, columns } = statement;
  const values = [
    ({ run }: Tagged<Row>) => run.runId,
    ...columns.map(
      (of) =>
        ({ row, run }: Tagged<Row>) =>
          of(row, run),
    ),
  ];
  return [client.query({ name, text, values: values.map((of) => rows.map(of)) })];
}

/** Arming is an idempotent insert: the key is derived from what is armed (rule B6). */
function insertTasks(client: Client, rows: Tagged<Decision['tasks'][number]>[]): Promise<unknown>[] {
  return send(client, rows, {
    name: 'insert-tasks',
    text: `insert into task (run_id, key, epoch, id, tenant, node, status, attempt, failures, crashes, blamed, lane,
        priority, reads_at, ready_at, offered_at, settled_at, settled_step, captured, fate, output, error)
      select u.run_id, u.key, u.epoch, u.id, u.tenant, u.node, u.status, u.attempt, u.failures, u.crashes, u.blamed, u.lane,
        u.priority, u.reads_at, to_timestamp(u.ready_at / 1000), to_timestamp(u.offered_at / 1000),
        to_timestamp(u.settled_at / 1000), u.settled_step, u.captured, u.fate, u.output, u.error
      from unnest($1::uuid[], $2::text[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[],
        $10::int[], $11::boolean[], $12::text[], $13::smallint[], $14::int[], $15::float8[], $16::float8[], $17::float8[],
        $18::int[], $19::json[], $20::json[], $21::json[], $22::json[])
        as u (run_id, key, epoch, id, tenant, node, status, attempt, failures, crashes, blamed, lane, priority, reads_at,
          ready_at, offered_at, settled_at, settled_step, captured, fate, output, error)
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
      (task) => (task.settledStep === null ? null : json(task.output)),
      (task) => json(task.error),
    ],
  });
}

/** A task that is handed out anew loses what its former attempt had; one that is settled keeps when it had started. */
function updateTasks(client: Client, rows: Tagged<Decision['tasks'][number]>[]): Promise<unknown>[] {
  return send(client, rows, {
    name: 'update-tasks',
    text: `update task t set status = u.status, attempt = u.attempt, failures = u.failures, crashes = u.crashes,
        blamed = u.blamed, ready_at = to_timestamp(u.ready_at / 1000),
        offered_at = case when u.status = 'ready' then to_timestamp(u.offered_at / 1000) else t.offered_at end,
        started_at = case when u.status in ('ready', 'waiting') then null else t.started_at end,
        deadline = case when u.status = 'running' then t.deadline end,
        settled_at = to_timestamp(u.settled_at / 1000), settled_step = u.settled_step,
        worker = coalesce(u.worker, case when u.status in ('ready', 'waiting') then null else t.worker end),
        output = u.output, error = u.error
      from unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $6::int[], $7::int[], $8::boolean[],
        $9::float8[], $10::float8[], $11::float8[], $12::int[], $13::text[], $14::json[], $15::json[])
        as u (run_id, key, epoch, status, attempt, failures, crashes, blamed, ready_at, offered_at, settled_at,
          settled_step, worker, output, error)
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
      (task, run) => task.settledAt ?? (task.status === 'cancelled' ? run.now : null),
      (task) => task.settledStep,
      (task) => task.worker,
      (task) => (task.settledStep === null ? null : json(task.output)),
      (task) => json(task.error),
    ],
  });
}

function deleteTasks(client: Client, rows: Tagged<Decision['takenBack'][number]>[]): Promise<unknown>[] {
  return send(client, rows, {
    name: 'delete-tasks',
    text: `delete from task t using unnest($1::uuid[], $2::text[], $3::int[]) as u (run_id, key, epoch)
      where t.run_id = u.run_id and t.key = u.key and t.epoch = u.epoch`,
    columns: [(task) => task.key, (task) => task.epoch],
  });
}

function upsertJoins(client: Client, rows: Tagged<Decision['joins'][number]>[]): Promise<unknown>[] {
  return send(client, rows, {
    name: 'upsert-joins',
    text: `insert into task_join (run_id, key, ended, taken, failed, fired)
      select * from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::boolean[])
      on conflict (run_id, key) do update
        set ended = excluded.ended, taken = excluded.taken, failed = excluded.failed, fired = excluded.fired`,
    columns: [
      (join) => join.key,
      (join) => join.ended,
      (join) => join.taken,
      (join) => join.failed,
      (join) => join.fired,
    ],
  });
}

function insertSteps(client: Client, rows: Tagged<Decision['steps'][number]>[]): Promise<unknown>[] {
  return send(client, rows, {
    name: 'insert-steps',
    text: `insert into step (run_id, step, parent, epoch, type, node, key, task_id, attempt, worker, at, facts)
      select u.run_id, u.step, u.parent, u.epoch, u.type, u.node, u.key, u.task_id, u.attempt, u.worker,
        to_timestamp(u.at / 1000), u.facts
      from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::int[],
        $10::text[], $11::float8[], $12::json[])
        as u (run_id, step, parent, epoch, type, node, key, task_id, attempt, worker, at, facts)`,
    columns: [
      (step) => step.step,
      (step) => step.parent,
      (step) => step.epoch,
      (step) => step.type,
      (step) => step.node,
      (step) => step.key,
      (step) => step.taskId,
      (step) => step.attempt,
      (step) => step.worker,
      (step) => step.at,
      (step) => json(step.facts),
    ],
  });
}

/** A compaction may meet the base that another settle has written for the same step: they say the same. */
function insertWrites(client: Client, rows: Tagged<Decision['writes'][number]>[]): Promise<unknown>[] {
  return send(client, rows, {
    name: 'insert-writes',
    text: `insert into channel_write (run_id, channel, step, kind, value)
      select * from unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::json[]) on conflict do nothing`,
    columns: [
      (write) => write.channel,
      (write) => write.step,
      (write) => write.kind,
      (write) => JSON.stringify(write.value),
    ],
  });
}

function deleteTimers(client: Client, rows: Tagged<Decision['timersCleared'][number]>[]): Promise<unknown>[] {
  return send(client, rows, {
    name: 'delete-timers',
    text: `delete from timer t using unnest($1::uuid[], $2::text[], $3::text[]) as u (run_id, key, kind)
      where t.run_id = u.run_id and t.key = u.key and t.kind = u.kind`,
    columns: [(timer) => timer.key, (timer) => timer.kind],
  });
}

function upsertTimers(client: Client, rows: Tagged<Decision['timersSet'][number]>[]): Promise<unknown>[] {
  return send(client, rows, {
    name: 'upsert-timers',
    text: `insert into timer (run_id, key, kind, attempt, due_at)
      select u.run_id, u.key, u.kind, u.attempt, to_timestamp(u.due_at / 1000)
      from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::float8[]) as u (run_id, key, kind, attempt, due_at)
      on conflict (run_id, key, kind) do update set attempt = excluded.attempt, due_at = excluded.due_at`,
    columns: [(timer) => timer.key, (timer) => timer.kind, (timer) => timer.attempt, (timer) => timer.dueAt],
  });
}

function insertUsage(client: Client, rows: Tagged<Decision['usage'][number]>[]): Promise<unknown>[] {
  return send(client, rows, {
    name: 'insert-usage',
    text: `insert into usage (run_id, key, epoch, attempt, input_tokens, output_tokens, usd)
      select * from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::bigint[], $6::bigint[], $7::float8[])
      on conflict do nothing`,
    columns: [
      (spent) => spent.key,
      (spent) => spent.epoch,
      (spent) => spent.attempt,
      (spent) => Math.round(spent.usage.inputTokens),
      (spent) => Math.round(spent.usage.outputTokens),
      (spent) => spent.usage.usd,
    ],
  });
}

/** Mail of a run to itself: at most one of a kind is under way. */
function sendOwnMail(client: Client, rows: Tagged<Decision['sentMail'][number]>[]): Promise<unknown>[] {
  return send(client, rows, {
    name: 'send-own-mail',
    text: `insert into inbox (run_id, id, dedupe_key, kind, payload)
      select u.run_id, gen_random_uuid(), 'own:' || u.kind, u.kind, u.payload
      from unnest($1::uuid[], $2::text[], $3::json[]) as u (run_id, kind, payload) on conflict do nothing`,
    columns: [(mail) => mail.kind, (mail) => JSON.stringify(mail.payload)],
  });
}

function deleteMail(client: Client, rows: Tagged<string>[]): Promise<unknown>[] {
  return send(client, rows, {
    name: 'delete-mail',
    text: `delete from inbox i using unnest($1::uuid[], $2::uuid[]) as u (run_id, id)
      where i.run_id = u.run_id and i.id = u.id`,
    columns: [(id) => id],
  });
}

/** A run that is reopened loses its error; one that has ended gets its error or its rendered output. */
function updateBodies(client: Client, rows: Tagged<Decision>[]): Promise<unknown>[] {
  const worth = rows.filter(
    ({ row: { ending, head } }) => ending?.error || ending?.output !== undefined || head.epoch > 0,
  );
  return send(client, worth, {
    name: 'update-bodies',
    text: `update run_body b set error = u.error, output = u.output
      from unnest($1::uuid[], $2::json[], $3::json[]) as u (run_id, error, output) where b.run_id = u.run_id`,
    columns: [
      (decision) => json(decision.ending?.error),
      (decision) => (decision.ending?.output === undefined ? null : JSON.stringify(decision.ending.output)),
    ],
  });
}

/** Closes one window of an ended run's live tasks; the mail that asked for it stays until nothing is left (rule A13). */
function closeTasks(client: Client, runs: readonly PlannedRun[]): Promise<unknown>[] {
  return runs.map(({ runId }) =>
    client.query({
      name: 'close-tasks',
      text: `with live as (
          select key, epoch from task where run_id = $1 and status in ('ready', 'running', 'waiting') limit ${CLOSE_WINDOW}
        ), closed as (
          update task t set status = 'cancelled', settled_at = now(), offered_at = null, deadline = null
          from live where t.run_id = $1 and t.key = live.key and t.epoch = live.epoch returning 1
        ), dropped as (
          delete from timer where run_id = $1 returning 1
        )
        delete from inbox where run_id = $1 and kind = 'close' and (select count(*) from closed) < ${CLOSE_WINDOW}`,
      values: [runId],
    }),
  );
}

const CLOSE_WINDOW = 1000;
