/**
 * A settle in one statement, for runs that were decided as they are remembered: each is written only if its head still
 * has the step and the epoch that the decision saw. All that a decision reads changes together with the head's step, so
 * this comparison stands for the lock and the read.
 *
 * It takes what nearly every settle is: tasks that end, joins that count, tasks that are armed. The rest is left to the
 * general way.
 */
import type { RunHead } from '@weft/engine/domain';
import type { Plan } from '@weft/engine/ports';

import { arrayText } from '../array-text.ts';
import type { Statement } from '../connection.ts';
import { headColumns, rememberedParts } from './remembered-parts.ts';
import type { Part, RememberedRun } from './remembered-parts.ts';

type Task = Plan['decision']['tasks'][number];

/** Whether the one statement can write all of this decision, and nothing of it depends on what was not seen. */
export function fitsOneStatement(head: RunHead, { decision }: Plan): boolean {
  const { takenBack, timersSet, timersCleared, usage, sentMail, consumedMail } = decision;
  const others = [takenBack, timersSet, timersCleared, usage, sentMail, consumedMail];
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
  return task.attempt === 1 && task.failures === 0 && task.error === null;
}

/**
 * The statement for these runs, decided at `now` (epoch ms). It gives the places of those that were written, counted
 * from 1. Which parts it has depends on the rows; its name tells, so that each combination is prepared once.
 */
export function settleRemembered(runs: readonly RememberedRun[], now: number): Statement {
  const heads = headColumns(runs);
  const parts = rememberedParts(runs).filter(({ columns }) => (columns[0]?.values.length ?? 0) > 0);
  let first = heads.length + 2;
  const texts = parts.map((part) => {
    const text = `${part.name} as (${rowsOf(part, first)}), ${part.name}_done as (${part.text})`;
    first += part.columns.length;
    return text;
  });
  const arrays = [...heads, ...parts.flatMap(({ columns }) => columns)].map(({ values }) => arrayText(values));
  return {
    name: `settle-remembered ${parts.map(({ name }) => name).join(' ')}`,
    text: `${HEADS}${texts.map((text) => `, ${text}`).join('')} select n from held`,
    values: [now, ...arrays],
  };
}

/**
 * The rows of a part whose run is as it was remembered. `is true` keeps the planner from making a join of it, which would
 * be a nested loop: so it is a look into a hash table.
 */
function rowsOf({ columns }: Part, first: number): string {
  const arrays = columns.map(({ type }, index) => `$${first + index}::${type}[]`).join(', ');
  const names = columns.map(({ name }) => name).join(', ');
  return `select ($2::uuid[])[r.n] as run_id, r.* from unnest(${arrays}) as r (${names})
    where (r.n in (select n from held)) is true`;
}

const HEADS = `with head as materialized (
    select * from unnest($2::uuid[], $3::int[], $4::int[], $5::text[], $6::int[], $7::int[], $8::int[], $9::int[],
      $10::int[], $11::int[], $12::boolean[]) with ordinality
      as h (id, was_step, was_epoch, status, step, live, asking, generations, failed, open_joins, ended, n)
  ), held as materialized (
    select h.n::int as n from head h join run r on r.id = h.id
    where r.step = h.was_step and r.epoch = h.was_epoch for no key update of r skip locked
  ), moved as (
    update run r set status = h.status, step = h.step, live = h.live, asking = h.asking, generations = h.generations,
      failed = h.failed, open_joins = h.open_joins, ended_at = case when h.ended then to_timestamp($1::float8 / 1000) end
    from head h where r.id = h.id and (h.n::int in (select n from held)) is true
  )`;
