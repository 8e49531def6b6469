-- Shares and limits: how much of a tenant's work, or of the work with one key, may be on its way at once, and how soon.

-- Rises with every change below, so that processes need not read what they know.
create table limit_version (
  version bigint not null
);
insert into limit_version (version) values (0);

-- max_concurrent, rate_count: null for no limit. A rate: at most rate_count starts in rate_ms, rate_burst of them at once.
create table tenant_limit (
  tenant text collate "C" not null,
  weight int not null default 1,
  max_concurrent int,
  rate_count int,
  rate_ms bigint,
  rate_burst int,
  updated_at timestamptz not null default now(),
  primary key (tenant)
);

-- key: what `concurrencyKey` gives, or its beginning and '*' for each key that begins so.
create table key_limit (
  tenant text collate "C" not null,
  key text collate "C" not null,
  max_concurrent int,
  rate_count int,
  rate_ms bigint,
  rate_burst int,
  updated_at timestamptz not null default now(),
  primary key (tenant, key)
);

create table paused_lane (
  lane text collate "C" not null,
  paused_at timestamptz not null default now(),
  primary key (lane)
);

-- What the node's `concurrencyKey` gave when the task was armed.
alter table task add column limit_key text collate "C";

-- Tasks with a key wait apart, so that those whose key is used up are not in the way of others.
drop index task_backlog_idx;
create index task_backlog_idx on task (lane, tenant, priority, ready_at)
  where status = 'ready' and offered_at is null and limit_key is null;
create index task_keyed_backlog_idx on task (tenant, limit_key, lane, priority, ready_at)
  where status = 'ready' and offered_at is null and limit_key is not null;

-- Tasks that were offered under a limit, and take a place in it as long as they are offered or running. A row whose task is
-- not any more counts for nothing, and is removed by the next one who offers.
create table place (
  run_id uuid not null,
  key text collate "C" not null,
  epoch int not null,
  tenant text collate "C" not null,
  limit_key text collate "C",
  taken_at timestamptz not null default now(),
  primary key (run_id, key, epoch)
);
create index place_tenant_idx on place (tenant);
