/** Work that should have moved: what the sweepers see to within seconds, and has not been seen to. */
import type { Check } from './examination.ts';
import { unless } from './examination.ts';

const OVERDUE_S = 60;
/** Rows looked at of each kind. */
const MOST = 1000;
const SWEEPING = 'see that processes run and sweep (their logs say what fails); then `weft show RUN`';

type Late = { name: string; level: 'warn' | 'error'; fine: string; what: string; advice: string; sql: string };

/** `$1`: seconds. */
const LATE: readonly Late[] = [
  {
    name: 'timers',
    level: 'error',
    fine: 'no timer is overdue',
    what: 'timers are overdue: retries and waits do not go on',
    advice: SWEEPING,
    sql: `select format('%s %s, due %s', run_id, key, due_at) as place from timer
      where due_at < now() - make_interval(secs => $1) order by due_at`,
  },
  {
    name: 'reservations',
    level: 'error',
    fine: 'nothing is reserved in a budget by an attempt that is over',
    what: 'attempts that are over still reserve in budgets: others are refused what is there',
    advice: SWEEPING,
    sql: `select format('%s %s, attempt %s of %s', run_id, key, attempt, at) as place from stale_reservation
      where at < now() - make_interval(secs => $1) order by at`,
  },
  {
    name: 'mail',
    level: 'error',
    fine: 'no run has old unread mail',
    what: 'mail is not read: signals, answers or ends of children do not arrive',
    advice: SWEEPING,
    sql: `select format('%s %s, of %s', run_id, kind, created_at) as place from inbox
      where topic is null and created_at < now() - make_interval(secs => $1) order by created_at`,
  },
  {
    name: 'deadlines',
    level: 'error',
    fine: 'no running task is beyond its deadline',
    what: 'running tasks are beyond their deadline',
    advice: SWEEPING,
    sql: `select format('%s %s, deadline %s', run_id, key, deadline) as place from task
      where status = 'running' and worker is not null and deadline < now() - make_interval(secs => $1) order by deadline`,
  },
  {
    name: 'stranded tasks',
    level: 'error',
    fine: 'every running task has a live worker',
    what: 'tasks are marked as running by workers that have ended',
    advice: SWEEPING,
    sql: `select format('%s %s, by %s', t.run_id, t.key, t.worker) as place from task t
      left join worker w on w.id = t.worker
      where t.status = 'running' and t.worker is not null and coalesce(w.ended_at, '-infinity') < now() - make_interval(secs => $1)
        and (w.id is null or w.ended_at is not null)`,
  },
  {
    name: 'forgotten tasks',
    level: 'error',
    fine: 'every running task has a deadline',
    what: 'tasks have been running for long without a deadline, so nobody ends them',
    advice: 'restart the worker that is said to run them: its tasks are handed out anew',
    sql: `select format('%s %s, by %s since %s', run_id, key, worker, started_at) as place from task
      where status = 'running' and worker is not null and started_at < now() - make_interval(secs => $1)
        and (deadline is null or deadline > now() + interval '10 years')`,
  },
  {
    name: 'lanes',
    level: 'warn',
    fine: 'every lane with waiting tasks has a live worker',
    what: 'tasks wait on lanes that no live worker serves',
    advice: 'start a worker that serves them (--lanes, --handlers); `GET /v1/tasks/{id}/why` tells more',
    sql: `select format('%s: %s tasks', lane, n) as place from (
        select t.lane, count(*) as n from (
          select lane from task where status = 'ready' and offered_at < now() - make_interval(secs => $1)
          limit 20000
        ) as t
        where not exists (
          select 1 from worker w where w.ended_at is null and (
            t.lane = any(w.lanes) or '*' = any(w.lanes) and t.lane not like 'handler:%'))
        group by t.lane) as waiting order by n desc`,
  },
];

export const STUCK: readonly Check[] = LATE.map(({ name, sql, ...rest }) => ({
  name,
  async look({ ask }) {
    const rows = await ask<{ place: string }>(`${sql} limit ${MOST}`, [OVERDUE_S]);
    return unless(
      rows.map(({ place }) => place),
      { check: name, ...rest },
    );
  },
}));
