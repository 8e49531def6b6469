/**
 * A settle in one statement, for runs that were decided as they are remembered: each is written only if its head still
 * has the step and the epoch that the decision saw. All that a decision reads changes together with the head's step, so
 * this comparison stands for the lock and the read. What is remembered may go back to a message, which anybody may have
 * written who reaches the lanes; so it is made sure, too, that the run is of the tenant and the workflow that it says, and that no callbacks of its own wait to
 * be told.
 *
 * It takes what nearly every settle is: tasks that end, joins that count, tasks that are armed. The rest is left to the
 * general way. For a single task most of its cost is that of a statement's beginning, so it names partitions, and its rows
 * travel as one JSON text a table.
 */
import type { RunHead } from '@weft/engine/domain';
import type { Plan } from '@weft/engine/ports';

import type { Statement } from '../connection.ts';
import { headRows, rememberedParts } from './remembered-parts.ts';
import type { Part, RememberedRun } from './remembered-parts.ts';

type Task = Plan['decision']['tasks'][number];

/** Whether the one statement can write all of this decision, and nothing of it depends on what was not seen. */
export function fitsOneStatement(head: RunHead, { decision }: Plan): boolean {
  const { takenBack, timersSet, timersCleared, usage, sentMail, keptMail, consumedMail, chunks, letters } = decision;
  const others = [takenBack, timersSet, timersCleared, usage, sentMail, keptMail, consumedMail, chunks, letters];
  return (
    decision.steps.length > 0 &&
    decision.head.epoch === head.epoch &&
    // A decision that refuses or fails may owe that to a picture that is out of date.
    decision.applied.length > 0 &&
    decision.applied.every(Boolean) &&
    !decision.closes &&
    !decision.goesOn &&
    others.every((rows) => rows.length === 0) &&
    decision.tasks.every((task) => (decision.armed.has(task.key) ? isFresh(task) : task.settledStep !== null))
  );
}

function isFresh(task: Task): boolean {
  const { attempt, failures, crashes, blamed, error, status } = task;
  return attempt === 1 && failures + crashes === 0 && !blamed && error === null && status !== 'cancelled';
}

/**
 * The statement for these runs, decided at `now` (epoch ms). All of them lie in the partition `suffix`, or it is empty and
 * the tables find it. It gives the places of the runs that were written, counted from 1. Which parts it has depends on the
 * rows; its name tells, so that each combination is prepared once.
 */
export function settleRemembered(runs: readonly RememberedRun[], now: number, suffix: string): Statement {
  const heads = headRows(runs);
  const parts = rememberedParts(runs).filter(({ rows }) => rows.length > 0);
  const key = `${suffix} ${parts.map(({ name }) => name).join(' ')}`;
  const text = texts.get(key) ?? textOf(parts, heads.columns, suffix);
  texts.set(key, text);
  const rows = [heads, ...parts].map((part) => JSON.stringify(part.rows));
  return { name: `settle${key}`, text, values: [now, ...rows] };
}

/** There are as many as combinations of parts in use, a few for each partition. */
const texts = new Map<string, string>();

function textOf(parts: readonly Part[], headColumns: string, suffix: string): string {
  const table = (name: string) => `${name}${suffix}`;
  const ctes = parts.map((part, index) => {
    return `${part.name} as (${rowsOf(part, index + 3)}), ${part.name}_done as (${part.text(table)})`;
  });
  return [headText(headColumns, table('run')), ...ctes].join(', ').concat(' select n from held');
}

/**
 * The rows of a part whose run is as it was remembered. `is true` keeps the planner from making a join of it, which would
 * be a nested loop: so it is a look into a hash table.
 */
function rowsOf({ columns }: Part, parameter: number): string {
  return `select (array(select id from head order by n))[r.n] as run_id, r.*
    from json_to_recordset($${parameter}::json) as r (${columns}) where (r.n in (select n from held)) is true`;
}

function headText(columns: string, run: string): string {
  return `with head as materialized (select * from json_to_recordset($2::json) as h (${columns})
  ), held as materialized (
    select h.n from head h join ${run} r on r.id = h.id
    where r.step = h.was_step and r.epoch = h.was_epoch and r.tenant = h.tenant and r.workflow = h.workflow and not r.has_callbacks for no key update of r skip locked
  ), moved as (
    update ${run} r set status = h.status, step = h.step, live = h.live, asking = h.asking, generations = h.generations,
      failed = h.failed, open_joins = h.open_joins, jumps = h.jumps, kept = h.kept, ended_at = case when h.ended then to_timestamp($1::float8 / 1000) end
    from head h where r.id = h.id and (h.n in (select n from held)) is true
  )`;
}
