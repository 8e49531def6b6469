/** What must hold of everything that waits: tasks, mail that is kept, sends with their items (rules A10, B7, B8). */

export const LIVE = `('ready', 'running', 'waiting')`;
export const ENDED = `('succeeded', 'failed', 'cancelled')`;

/** What may come of a wait by itself, and what only an answer ends; items are counted as tasks of their own. */
const GOES_ON = `('retry', 'time', 'signal', 'child')`;
const ASKS = `('answer', 'child_answer')`;

const IS_LIVE = `(t.status in ('ready', 'running') or (t.status = 'waiting' and t.waits in ${GOES_ON}))`;
const IS_ASKING = `(t.status = 'waiting' and t.waits in ${ASKS})`;

const HAS_TIMER = `exists (select 1 from timer i where i.run_id = t.run_id and i.key = t.key and i.attempt = t.attempt)`;

/** A child run that can end, or is about to be started; else what it has sent is not yet read. */
const HAS_CHILD = `(t.detail->>'kind' = 'child' and (
    exists (select 1 from run c where c.id = (t.detail->>'runId')::uuid and c.status not in ${ENDED})
    or exists (select 1 from inbox m
      where m.run_id in ((t.detail->>'runId')::uuid, t.run_id) and m.topic is null)))`;

const HAS_ITEMS = `(t.detail->>'kind' = 'items' and (
    exists (select 1 from task_join j
      where j.run_id = t.run_id and j.key = t.key || '[]' and j.ended < (t.detail->>'total')::int)
    or exists (select 1 from inbox m where m.run_id = t.run_id and m.kind = 'go_on')))`;

const HAS_END = `case t.waits
    when 'answer' then t.detail->>'kind' = 'question'
    when 'child' then ${HAS_CHILD}
    when 'child_answer' then ${HAS_CHILD}
    when 'items' then ${HAS_ITEMS}
    else ${HAS_TIMER} end`;

export const OF_WAITS = {
  'an open run counts its live tasks': `select r.id as run, format('%s, but there are %s', r.live, t.n) as what from run r
    cross join lateral (select count(*) as n from task t where t.run_id = r.id and ${IS_LIVE}) as t
    where r.status not in ${ENDED} and r.live <> t.n`,
  'an open run counts its tasks that ask': `select r.id as run, format('%s, but there are %s', r.asking, t.n) as what
    from run r cross join lateral (select count(*) as n from task t where t.run_id = r.id and ${IS_ASKING}) as t
    where r.status not in ${ENDED} and r.asking <> t.n`,
  'an open run counts the mail that it keeps': `select r.id as run, format('%s, but there are %s', r.kept, m.n) as what
    from run r cross join lateral (
      select count(*) as n from inbox where run_id = r.id and topic is not null and not taken
    ) as m
    where r.status not in ${ENDED} and r.kept <> m.n`,
  'a task says what it waits for exactly as long as it waits': `select run_id as run, key as what from task
    where (waits is not null) <> (status = 'waiting')
      or waits not in ('retry', 'time', 'signal', 'child', 'items', 'answer', 'child_answer')`,
  'a waiting task has what ends the wait: a timer, a question, a child run or items': `select t.run_id as run,
      format('%s, for %s', t.key, t.waits) as what
    from task t join run r on r.id = t.run_id and r.status not in ${ENDED}
    where t.status = 'waiting' and (${HAS_END}) is not true`,
  'an item stands where its key says': `select run_id as run, key as what from task
    where (scope is null) <> (position('/' in key) = 0)
      or starts_with(key, scope || coalesce('[' || item_index || ']', '') || '/') is false`,
  'the output of a send stands with its items only': `select run_id as run, key as what from task
    where detail->>'kind' = 'items' and output is not null`,
  'a send counts its items': `select j.run_id as run,
      format('%s %s/%s, but there are %s/%s', j.key, j.ended, j.taken, i.ended, i.taken) as what
    from task_join j cross join lateral (
      select count(*) as taken, count(*) filter (where newest.status in ('succeeded', 'failed', 'skipped')) as ended
      from (
        select distinct on (t.key) t.status from task t
        where t.run_id = j.run_id and t.scope = left(j.key, -2) and not t.superseded
          and t.key >= left(j.key, -2) || '[' and t.key < left(j.key, -2) || '\\'
        order by t.key, t.epoch desc
      ) as newest
    ) as i
    where j.key like '%[]' and (j.ended, j.taken) is distinct from (i.ended, i.taken)`,
} as const;
