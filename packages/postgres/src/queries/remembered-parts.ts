/** What the one statement of a settle writes beside the heads: for each table its rows, and what it does with them. */
import { TERMINAL_RUN } from '@weft/engine/domain';
import type { RunHead } from '@weft/engine/domain';
import type { Plan } from '@weft/engine/ports';

import { itemScope } from '../item-scope.ts';
import { storedOutput, storedWaits } from '../rows.ts';
import { isWorthWriting } from './write-heads.ts';

/** A run with its head as it is remembered, and what was decided for it. */
export type RememberedRun = { head: RunHead; plan: Plan };

type Decision = Plan['decision'];
type Task = Decision['tasks'][number];

/**
 * `text` reads the rows as a relation of the part's name: the columns, and the run's id. `table` gives the name of a table,
 * which may be a partition.
 */
export type Part = { name: string; columns: string; rows: object[]; text: (table: (name: string) => string) => string };

/** A row and the place of its run in the batch, counted from 1. */
type Placed<Row> = { n: number; row: Row; run: RememberedRun };

const HEAD_COLUMNS = `n int, id uuid, tenant text, workflow text, was_step int, was_epoch int, status text, step int, live int, asking int,
  generations int, failed int, open_joins int, jumps json, kept int, ended boolean`;

export function headRows(runs: readonly RememberedRun[]): { columns: string; rows: object[] } {
  const rows = runs.map(({ head, plan }, index) => {
    const { status, step, live, asking, generations, failed, openJoins, jumps, kept } = plan.decision.head;
    const { tenant, name: workflow } = head.workflow;
    const before = { n: index + 1, id: head.id, tenant, workflow, was_step: head.step, was_epoch: head.epoch };
    const ended = TERMINAL_RUN.has(status);
    const counts = { step, live, asking, generations, failed, open_joins: openJoins, kept };
    return { ...before, status, ...counts, jumps, ended };
  });
  return { columns: HEAD_COLUMNS, rows };
}

export function rememberedParts(runs: readonly RememberedRun[]): Part[] {
  const rows = <Row>(of: (decision: Decision) => readonly Row[]): Placed<Row>[] =>
    runs.flatMap((run, index) => of(run.plan.decision).map((row) => ({ n: index + 1, row, run })));
  return [
    armedTasks(rows(({ tasks, armed }) => tasks.filter((task) => armed.has(task.key)))),
    endedTasks(rows(({ tasks, armed }) => tasks.filter((task) => !armed.has(task.key)))),
    joins(rows((decision) => decision.joins)),
    steps(rows((decision) => decision.steps)),
    writes(rows((decision) => decision.writes)),
    bodies(rows((decision) => (isWorthWriting(decision) ? [decision] : []))),
  ];
}

const NOW = 'to_timestamp($1::float8 / 1000)';

function armedTasks(placed: Placed<Task>[]): Part {
  return {
    name: 'armed',
    columns: `n int, key text, epoch int, id uuid, tenant text, node text, status text, lane text, priority smallint,
      reads_at int, offered boolean, settled_step int, captured json, fate json, output json, item json, scope text, item_index int,
      iterations json, waits text, detail json, limit_key text`,
    rows: placed.map(({ n, row, run }) => {
      const { key, epoch, id, node, status, lane, priority, captured, fate, item, iterations, detail } = row;
      const { tenant } = run.head.workflow;
      const offered = run.plan.offered.has(key);
      const task = { n, key, epoch, id, tenant, node, status, lane, priority, reads_at: row.readsAt, offered };
      const { scope, index } = itemScope(key);
      const values = { captured, fate, output: storedOutput(row), item, scope, item_index: index, iterations };
      const rare = { waits: storedWaits(row), detail, ...(row.limitKey !== null && { limit_key: row.limitKey }) };
      return { ...task, settled_step: row.settledStep, ...values, ...rare };
    }),
    text: (
      table,
    ) => `insert into ${table('task')} (run_id, key, epoch, id, tenant, node, status, attempt, failures, crashes,
        blamed, lane, priority, reads_at, ready_at, offered_at, settled_at, settled_step, captured, fate, output, item, scope,
        item_index, iterations, waits, detail, limit_key)
      select run_id, key, epoch, id, tenant, node, status, 1, 0, 0, false, lane, priority, reads_at, ${NOW},
        case when offered then ${NOW} end, case when settled_step is not null then ${NOW} end, settled_step, captured, fate, output,
        item, scope, item_index, iterations, waits, detail, limit_key
      from armed`,
  };
}

function endedTasks(placed: Placed<Task>[]): Part {
  return {
    name: 'ended',
    columns: `n int, key text, epoch int, status text, failures int, crashes int, blamed boolean, started_at float8, settled_step int,
      worker text, output json, error json, waits text, detail json`,
    rows: placed.map(({ n, row }) => {
      const { key, epoch, status, failures, crashes, blamed, worker, error, detail } = row;
      const times = { started_at: row.startedAt, settled_step: row.settledStep };
      const values = { output: storedOutput(row), error, waits: storedWaits(row), detail };
      return { n, key, epoch, status, failures, crashes, blamed, ...times, worker, ...values };
    }),
    text: (
      table,
    ) => `update ${table('task')} t set status = e.status, failures = e.failures, crashes = e.crashes, blamed = e.blamed,
        started_at = coalesce(t.started_at, to_timestamp(e.started_at / 1000)), deadline = null, settled_at = ${NOW},
        settled_step = e.settled_step, worker = coalesce(e.worker, t.worker), output = e.output, error = e.error,
        waits = e.waits, detail = e.detail
      from ended e where t.run_id = e.run_id and t.key = e.key and t.epoch = e.epoch`,
  };
}

function joins(placed: Placed<Decision['joins'][number]>[]): Part {
  return {
    name: 'joined',
    columns: 'n int, key text, ended int, taken int, failed int, fired boolean',
    rows: placed.map(({ n, row }) => ({ n, ...row })),
    text: (table) => `insert into ${table('task_join')} (run_id, key, ended, taken, failed, fired)
      select run_id, key, ended, taken, failed, fired from joined on conflict (run_id, key) do update
        set ended = excluded.ended, taken = excluded.taken, failed = excluded.failed, fired = excluded.fired`,
  };
}

function steps(placed: Placed<Decision['steps'][number]>[]): Part {
  return {
    name: 'stepped',
    columns: `n int, step int, parent int, epoch int, type text, node text, key text, task_id uuid, attempt int, worker text,
      facts json`,
    rows: placed.map(({ n, row: { taskId, ...step } }) => ({ n, ...step, at: undefined, task_id: taskId })),
    text: (
      table,
    ) => `insert into ${table('step')} (run_id, step, parent, epoch, type, node, key, task_id, attempt, worker, at, facts)
      select run_id, step, parent, epoch, type, node, key, task_id, attempt, worker, ${NOW}, facts from stepped`,
  };
}

/** A value is json whatever it is, null included, which the column would otherwise take for SQL's. */
function writes(placed: Placed<Decision['writes'][number]>[]): Part {
  return {
    name: 'written',
    columns: 'n int, channel text, step int, kind text, value json',
    rows: placed.map(({ n, row }) => ({ n, ...row })),
    text: (table) => `insert into ${table('channel_write')} (run_id, channel, step, kind, value)
      select run_id, channel, step, kind, coalesce(value, 'null') from written on conflict do nothing`,
  };
}

function bodies(placed: Placed<Decision>[]): Part {
  return {
    name: 'bodied',
    columns: 'n int, error json, output json, gives boolean',
    rows: placed.map(({ n, row: { ending } }) => {
      return { n, error: ending?.error, output: ending?.output, gives: ending?.output !== undefined };
    }),
    text: (table) => `update ${table('run_body')} b set error = e.error,
        output = case when e.gives then coalesce(e.output, 'null') end
      from bodied e where b.run_id = e.run_id`,
  };
}
