-- Room for what runs wait for, loops, sends and child runs. Nothing here is read or written by a settle that has none of it,
-- and no index holds a column that every settle changes.

-- jumps: what loops and gotos have done. kept: how many messages stay in the inbox until something asks for them. parent_*:
-- the task whose child this run is.
alter table run
  add column jumps json,
  add column kept int not null default 0,
  add column parent_run uuid,
  add column parent_key text collate "C",
  add column parent_epoch int,
  add column depth smallint not null default 0;

-- scope: the key of the send whose item the task is, null at the top. waits: what for, as long as it is waiting.
alter table task
  add column item json,
  add column scope text collate "C",
  add column item_index int,
  add column iterations json,
  add column waits text collate "C",
  add column detail json;
update task set waits = 'retry' where status = 'waiting';
create index task_question_idx on task (tenant, id) where waits = 'answer';

-- Items of a send that are not armed yet.
create table send_chunk (
  run_id uuid not null,
  key text collate "C" not null,
  chunk int not null,
  items json not null,
  primary key (run_id, key, chunk)
) partition by range (run_id);

-- A message with a topic has been read and is kept; only the others ask for a settle.
alter table inbox add column topic text collate "C";
drop index inbox_unread_idx;
create index inbox_unread_idx on inbox (created_at) where topic is null;

-- The outputs of a send's items, in order: null for one that gave none, a list again for one that is itself a send. That is
-- the send's own output, which no row holds. Of each item the newest activation counts. Keys of items begin with that of their
-- send and '[', so they lie between that and the character after it.
create function items_output(run uuid, send text) returns json language sql stable as $$
  select coalesce(json_agg(
      case when i.status <> 'succeeded' then null
        when i.detail->>'kind' = 'items' then items_output(run, i.key)
        else i.output end
      order by i.item_index), '[]')
  from (
    select distinct on (t.key) t.key, t.item_index, t.status, t.detail, t.output from task t
    where t.run_id = run and t.key >= send || '[' and t.key < send || '\' and t.scope = send
    order by t.key, t.epoch desc
  ) as i
$$;
