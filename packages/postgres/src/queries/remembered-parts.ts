/** What the one statement of a settle writes beside the heads: for each table its rows as arrays, and what it does with them. */
import { TERMINAL_RUN } from '@weft/engine/domain';
import type { RunHead } from '@weft/engine/domain';
import type { Plan } from '@weft/engine/ports';

import { json } from '../rows.ts';
import { isWorthWriting } from './write-heads.ts';

/** A run with its head as it is remembered, and what was decided for it. */
export type RememberedRun = { head: RunHead; plan: Plan };

type Decision = Plan['decision'];
type Task = Decision['tasks'][number];
type Value = string | number | boolean | null;

type Column = { name: string; type: string; values: Value[] };

/** `text` reads the rows as a relation of the part's name, with the run's id beside the columns. */
export type Part = { name: string; columns: Column[]; text: string };

/** A row and the place of its run in the batch, counted from 1. */
type Placed<Row> = { n: number; row: Row; run: RememberedRun };

export function headColumns(runs: readonly RememberedRun[]): Column[] {
  const of = columnsOf(runs);
  return [
    of('id', 'uuid', ({ head }) => head.id),
    of('was_step', 'int', ({ head }) => head.step),
    of('was_epoch', 'int', ({ head }) => head.epoch),
    of('status', 'text', ({ plan }) => plan.decision.head.status),
    of('step', 'int', ({ plan }) => plan.decision.head.step),
    of('live', 'int', ({ plan }) => plan.decision.head.live),
    of('asking', 'int', ({ plan }) => plan.decision.head.asking),
    of('generations', 'int', ({ plan }) => plan.decision.head.generations),
    of('failed', 'int', ({ plan }) => plan.decision.head.failed),
    of('open_joins', 'int', ({ plan }) => plan.decision.head.openJoins),
    of('ended', 'boolean', ({ plan }) => TERMINAL_RUN.has(plan.decision.head.status)),
  ];
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

function columnsOf<Row>(rows: readonly Row[]) {
  return (name: string, type: string, of: (row: Row) => Value): Column => ({ name, type, values: rows.map(of) });
}

function armedTasks(rows: Placed<Task>[]): Part {
  const of = columnsOf(rows);
  return {
    name: 'armed',
    columns: [
      of('n', 'int', ({ n }) => n),
      of('key', 'text', ({ row }) => row.key),
      of('epoch', 'int', ({ row }) => row.epoch),
      of('id', 'uuid', ({ row }) => row.id),
      of('tenant', 'text', ({ run }) => run.head.workflow.tenant),
      of('node', 'text', ({ row }) => row.node),
      of('status', 'text', ({ row }) => row.status),
      of('lane', 'text', ({ row }) => row.lane),
      of('priority', 'smallint', ({ row }) => row.priority),
      of('reads_at', 'int', ({ row }) => row.readsAt),
      of('offered', 'boolean', ({ row, run }) => run.plan.offered.has(row.key)),
      of('settled_step', 'int', ({ row }) => row.settledStep),
      of('captured', 'json', ({ row }) => json(row.captured)),
      of('fate', 'json', ({ row }) => json(row.fate)),
      of('output', 'json', ({ row }) => (row.settledStep === null ? null : json(row.output))),
    ],
    text: `insert into task (run_id, key, epoch, id, tenant, node, status, attempt, failures, crashes, blamed, lane, priority,
        reads_at, ready_at, offered_at, settled_at, settled_step, captured, fate, output)
      select run_id, key, epoch, id, tenant, node, status, 1, 0, 0, false, lane, priority, reads_at,
        to_timestamp($1::float8 / 1000), case when offered then to_timestamp($1::float8 / 1000) end,
        case when settled_step is not null then to_timestamp($1::float8 / 1000) end, settled_step, captured, fate, output
      from armed`,
  };
}

function endedTasks(rows: Placed<Task>[]): Part {
  const of = columnsOf(rows);
  return {
    name: 'ended',
    columns: [
      of('n', 'int', ({ n }) => n),
      of('key', 'text', ({ row }) => row.key),
      of('epoch', 'int', ({ row }) => row.epoch),
      of('status', 'text', ({ row }) => row.status),
      of('failures', 'int', ({ row }) => row.failures),
      of('blamed', 'boolean', ({ row }) => row.blamed),
      of('started_at', 'float8', ({ row }) => row.startedAt),
      of('settled_step', 'int', ({ row }) => row.settledStep),
      of('worker', 'text', ({ row }) => row.worker),
      of('output', 'json', ({ row }) => json(row.output)),
      of('error', 'json', ({ row }) => json(row.error)),
    ],
    text: `update task t set status = e.status, failures = e.failures, blamed = e.blamed,
        started_at = coalesce(t.started_at, to_timestamp(e.started_at / 1000)), deadline = null,
        settled_at = to_timestamp($1::float8 / 1000), settled_step = e.settled_step,
        worker = coalesce(e.worker, t.worker), output = e.output, error = e.error
      from ended e where t.run_id = e.run_id and t.key = e.key and t.epoch = e.epoch`,
  };
}

function joins(rows: Placed<Decision['joins'][number]>[]): Part {
  const of = columnsOf(rows);
  return {
    name: 'joined',
    columns: [
      of('n', 'int', ({ n }) => n),
      of('key', 'text', ({ row }) => row.key),
      of('ended', 'int', ({ row }) => row.ended),
      of('taken', 'int', ({ row }) => row.taken),
      of('failed', 'int', ({ row }) => row.failed),
      of('fired', 'boolean', ({ row }) => row.fired),
    ],
    text: `insert into task_join (run_id, key, ended, taken, failed, fired)
      select run_id, key, ended, taken, failed, fired from joined on conflict (run_id, key) do update
        set ended = excluded.ended, taken = excluded.taken, failed = excluded.failed, fired = excluded.fired`,
  };
}

function steps(rows: Placed<Decision['steps'][number]>[]): Part {
  const of = columnsOf(rows);
  return {
    name: 'stepped',
    columns: [
      of('n', 'int', ({ n }) => n),
      of('step', 'int', ({ row }) => row.step),
      of('parent', 'int', ({ row }) => row.parent),
      of('epoch', 'int', ({ row }) => row.epoch),
      of('type', 'text', ({ row }) => row.type),
      of('node', 'text', ({ row }) => row.node),
      of('key', 'text', ({ row }) => row.key),
      of('task_id', 'uuid', ({ row }) => row.taskId),
      of('attempt', 'int', ({ row }) => row.attempt),
      of('worker', 'text', ({ row }) => row.worker),
      of('facts', 'json', ({ row }) => json(row.facts)),
    ],
    text: `insert into step (run_id, step, parent, epoch, type, node, key, task_id, attempt, worker, at, facts)
      select run_id, step, parent, epoch, type, node, key, task_id, attempt, worker, to_timestamp($1::float8 / 1000), facts
      from stepped`,
  };
}

function writes(rows: Placed<Decision['writes'][number]>[]): Part {
  const of = columnsOf(rows);
  return {
    name: 'written',
    columns: [
      of('n', 'int', ({ n }) => n),
      of('channel', 'text', ({ row }) => row.channel),
      of('step', 'int', ({ row }) => row.step),
      of('kind', 'text', ({ row }) => row.kind),
      of('value', 'json', ({ row }) => JSON.stringify(row.value)),
    ],
    text: `insert into channel_write (run_id, channel, step, kind, value)
      select run_id, channel, step, kind, value from written on conflict do nothing`,
  };
}

function bodies(rows: Placed<Decision>[]): Part {
  const of = columnsOf(rows);
  return {
    name: 'bodied',
    columns: [
      of('n', 'int', ({ n }) => n),
      of('error', 'json', ({ row }) => json(row.ending?.error)),
      of('output', 'json', ({ row }) => (row.ending?.output === undefined ? null : JSON.stringify(row.ending.output))),
    ],
    text: `update run_body b set error = e.error, output = e.output from bodied e where b.run_id = e.run_id`,
  };
}
