-- Schedules: runs by the clock.

-- definition: all that is set and not asked for here. next_at: the next instant that has not been seen to. taken_at: the last that was;
-- it only grows, so that no instant is seen to twice. wake_at: when it is looked at next; null: never.
create table schedule (
  id uuid not null,
  tenant text collate "C" not null,
  name text collate "C" not null,
  definition json not null,
  workflow text collate "C" not null,
  state text collate "C" not null,
  note text,
  next_at timestamptz,
  wake_at timestamptz,
  taken_at timestamptz,
  failures int not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (id),
  constraint schedule_name unique (tenant, name),
  constraint schedule_state check (state in ('active', 'paused', 'ended'))
);
create index schedule_wake_idx on schedule (wake_at) where wake_at is not null;

-- What became of an instant: one row for each, however many processes race for it. It is written as `started` by the transaction that
-- starts its run. is_closed: its run has ended, or there will be none. missed_count, missed_from: of several that were missed
-- together, how many and the first; `instant` is the last.
create table schedule_fire (
  schedule_id uuid not null,
  instant timestamptz not null,
  kind text collate "C" not null,
  outcome text collate "C" not null,
  overlap text collate "C",
  reason json,
  deadline timestamptz,
  not_before timestamptz,
  missed_count int,
  missed_from timestamptz,
  run_id uuid,
  run_status text collate "C",
  is_closed boolean not null,
  request_key text collate "C",
  changed_at timestamptz not null default now(),
  primary key (schedule_id, instant),
  constraint schedule_fire_outcome check (outcome in ('waiting', 'started', 'skipped', 'missed', 'failed')),
  constraint schedule_fire_run check ((outcome = 'started') = (run_id is not null))
);
create index schedule_fire_open_idx on schedule_fire (schedule_id, instant) where not is_closed;
create unique index schedule_fire_request_idx on schedule_fire (schedule_id, request_key) where request_key is not null;
create index schedule_fire_age_idx on schedule_fire (changed_at) where is_closed;

-- What a run was started by, where that was a schedule.
alter table run_body add column trigger json;
