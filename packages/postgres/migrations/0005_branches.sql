-- Room for runs that branch off: replayed from a step, or forked into a run of their own.

-- superseded: the run has gone on without this task; its row stays for whoever goes back to where it counted.
alter table task add column superseded boolean not null default false;

-- taken: kept mail that was dealt with; it stays for whoever goes back to before that.
alter table inbox add column taken boolean not null default false;

-- The checkpoint that a run was forked from; step 0: the run was started again from its beginning.
alter table run
  add column forked_run uuid,
  add column forked_step int;

-- As before, without what is superseded.
create or replace function items_output(run uuid, send text) returns json language sql stable as $$
  select coalesce(json_agg(
      case when i.status <> 'succeeded' then null
        when i.detail->>'kind' = 'items' then items_output(run, i.key)
        else i.output end
      order by i.item_index), '[]')
  from (
    select distinct on (t.key) t.key, t.item_index, t.status, t.detail, t.output from task t
    where t.run_id = run and t.key >= send || '[' and t.key < send || '\' and t.scope = send and not t.superseded
    order by t.key, t.epoch desc
  ) as i
$$;

-- A version made for one fork, from the one that it was forked from; no other run gets it unless it asks for it by number.
alter table workflow_version add column variant boolean not null default false;
