/** Marking: which ended runs are to go, as of one instant. What changes afterwards is seen again before it is deleted. */
import type { Session } from './session.ts';
import type { Week } from './weeks.ts';

/**
 * A run that goes by age waits for its whole week to be past it, so that the partition can be dropped; but no longer than this
 * share of the age, and never longer than a week. Asked for by name, or by count, it goes at once.
 */
const PATIENCE = `least(l.age_ms / 4, 604800000)`;

/** `isPatient`: only what has waited long enough for the drop of its partition is overdue. */
export type MarkRequest = { week: Week; statuses: string[] | null; isPatient: boolean };

/** Marks runs of the week, parents before their children. Returns how many. */
export async function markWeek(session: Session, { week, statuses, isPatient }: MarkRequest): Promise<number> {
  let marked = 0;
  // Children are seen in the round after their parents; usually the second round finds nothing more.
  for (let found = 1; found > 0 && !session.signal.aborted; marked += found) {
    const [row] = await session.rows<{ n: number }>(markText(week.name), [week.name, statuses, isPatient]);
    found = row?.n ?? 0;
  }
  return marked;
}

const STAYS = {
  unread: 'exists (select 1 from inbox i where i.run_id = r.id and i.topic is null)',
  parent: `r.parent_run is not null and exists (select 1 from run p where p.id = r.parent_run)
    and not exists (select 1 from doomed d where d.id = r.parent_run)`,
  child: 'exists (select 1 from run c where c.parent_run = r.id and c.ended_at is null)',
};

function markText(table: string): string {
  return `with marked as (
      insert into doomed
      select r.id, r.epoch, r.step, r.ended_at, r.tenant, u.archive,
        not $3::bool or l.is_beyond or r.ended_at < now() - make_interval(secs => (l.age_ms + ${PATIENCE}) / 1000), $1::text
      from ${table} r join rule u on u.tenant = r.tenant and u.workflow = r.workflow
      cross join lateral (
        select case when o.is_own then u.failed_age_ms else u.age_ms end as age_ms,
          not o.is_own and u.before_id is not null and r.id < u.before_id as is_beyond
        from (select r.status = 'failed' and u.failed_age_ms is not null as is_own) as o
      ) as l
      cross join lateral (
        select coalesce(r.ended_at < now() - make_interval(secs => l.age_ms / 1000), false) as is_old
      ) as a
      where r.ended_at is not null and ($2::text[] is null or r.status = any($2))
        and case when u.needs_both and u.age_ms is not null and u.before_id is not null then a.is_old and l.is_beyond
          else a.is_old or l.is_beyond end
        and not exists (select 1 from doomed d where d.id = r.id)
        and not (${STAYS.unread}) and not (${STAYS.parent}) and not (${STAYS.child})
      returning 1
    )
    select count(*)::int as n from marked`;
}
