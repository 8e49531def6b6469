/** Deleting ended runs row by row, a window of them in a transaction. */
import { keepAccount } from './keep-account.ts';
import type { Session } from './session.ts';
import { BELONGINGS, bytesExpression, runColumn } from './weeks.ts';

/** A marked run, as it was when it was marked. */
export type Doomed = { id: string; epoch: number; step: number; archive: boolean };

export type Deleted = { runs: number; bytes: number };

/** Keys that name a run are good for seven days from its end at the latest; see `forgetKeys`. */
export const NAMED_FOR = `interval '8 days'`;

/** What a window may hold, counted in steps, so that its transaction is short; a greater run goes alone. */
const WINDOW_STEPS = 2000;
const WINDOW_RUNS = 200;

/** Takes the next window off the marked runs, oldest first. `overdueOnly`: those that shall not wait for their partition. */
export function takeWindow(session: Session, overdueOnly: boolean): Promise<Doomed[]> {
  return session.rows<Doomed>(
    `delete from doomed where id in (
        select id from (
          select id, sum(step + 1) over (order by id) - step - 1 as before from (
            select id, step from doomed where is_overdue or not $1 order by id limit ${WINDOW_RUNS}
          ) as next
        ) as summed where before < ${WINDOW_STEPS}
      ) returning id, epoch, step, archive`,
    [overdueOnly],
  );
}

/** The runs whose children are still to be started. */
export const PARENTS_TO_BE = `select (payload->'parent'->>'runId')::uuid from inbox where topic is null and kind = 'start'`;

/**
 * Deletes those that are still as they were marked. A run that is being steered is skipped, one that moved stays; `together`:
 * then all of them stay.
 */
export function deleteRuns(
  session: Session,
  columns: ReadonlyMap<string, string[]>,
  runs: readonly Pick<Doomed, 'id' | 'epoch' | 'step'>[],
  { together = false }: { together?: boolean } = {},
): Promise<Deleted> {
  return session.transaction(async () => {
    const held = await session.rows<{ id: string }>(
      `select r.id from run r join unnest($1::uuid[], $2::int[], $3::int[]) as d (id, epoch, step)
          on r.id = d.id and r.epoch = d.epoch and r.step = d.step
        where r.ended_at is not null and not exists (select 1 from inbox i where i.run_id = r.id and i.topic is null)
          and r.id not in (${PARENTS_TO_BE})
        order by r.id for update of r skip locked`,
      [runs.map(({ id }) => id), runs.map(({ epoch }) => epoch), runs.map(({ step }) => step)],
    );
    const ids = held.map(({ id }) => id);
    if (ids.length === 0 || (together && ids.length < runs.length)) return { runs: 0, bytes: 0 };
    await buryRuns(session, 'select id, tenant, ended_at from run where id = any($1::uuid[])', [ids]);
    await keepAccount(session, 'select unnest($1::uuid[]) as id', [ids]);
    let bytes = 0;
    for (const table of [...BELONGINGS, 'run']) {
      const size = bytesExpression(columns.get(table) ?? [], 't');
      const [row] = await session.rows<{ bytes: number }>(
        `with gone as (delete from ${table} t where t.${runColumn(table)} = any($1::uuid[]) returning ${size} as bytes)
          select coalesce(sum(bytes), 0)::float8 as bytes from gone`,
        [ids],
      );
      bytes += row?.bytes ?? 0;
    }
    return { runs: ids.length, bytes };
  });
}

/** Remembers runs for as long as an idempotency key may name them. `runs` gives id, tenant and ended_at. */
export async function buryRuns(session: Session, runs: string, values: unknown[] = []): Promise<void> {
  await session.rows(
    `insert into pruned_run (run_id, tenant) select id, tenant from (${runs}) as gone
      where gone.ended_at > now() - ${NAMED_FOR} on conflict do nothing`,
    values,
  );
}

/** Mail that came while its run was being deleted: nobody will read it. A child that is still to be started has none but mail. */
export async function dropStrayMail(session: Session): Promise<void> {
  await session.rows(
    `delete from inbox i where i.topic is null and i.created_at < now() - interval '1 minute'
      and not exists (select 1 from run r where r.id = i.run_id)
      and not exists (select 1 from inbox s where s.run_id = i.run_id and s.kind = 'start')`,
  );
}
