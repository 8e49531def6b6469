-- The engine's tables. Instants are timestamptz of the database's clock; steps are journal numbers, counted per run.
--
-- Tables that grow with runs are range-partitioned by run id: a run id is a UUIDv7, so its order is that of time and old
-- runs can be dropped by the partition. The program makes partitions ahead of time; there is no default partition, since
-- attaching another one would lock it against all work. No table has a foreign key: the engine writes whole decisions, and
-- keys would cost more than the rows.

create table workflow_version (
  tenant text collate "C" not null,
  name text collate "C" not null,
  version int not null,
  hash text collate "C" not null,
  document json not null,
  created_at timestamptz not null default now(),
  primary key (tenant, name, version),
  constraint workflow_version_content unique (tenant, name, hash)
);

-- The head of a run: narrow, rewritten by every settle, and so without input or state.
create table run (
  id uuid not null,
  tenant text collate "C" not null,
  workflow text collate "C" not null,
  version int not null,
  status text collate "C" not null,
  epoch int not null,
  step int not null,
  live int not null,
  asking int not null,
  generations int not null,
  failed int not null,
  open_joins int not null,
  priority smallint not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (id),
  constraint run_status check (status in ('pending', 'running', 'interrupted', 'succeeded', 'failed', 'cancelled')),
  constraint run_ended_iff_terminal check ((ended_at is not null) = (status in ('succeeded', 'failed', 'cancelled')))
) partition by range (id);
create index run_tenant_idx on run (tenant, id desc);
create index run_open_idx on run (id) where status in ('pending', 'running', 'interrupted');

-- What a run was started with, and how it ended; written at its start and its end only.
create table run_body (
  run_id uuid not null,
  input json not null,
  config json not null,
  tags text[] not null,
  output json,
  error json,
  primary key (run_id)
) partition by range (run_id);
create index run_body_tags_idx on run_body using gin (tags);

create table task (
  run_id uuid not null,
  key text collate "C" not null,
  epoch int not null,
  id uuid not null,
  tenant text collate "C" not null,
  node text collate "C" not null,
  status text collate "C" not null,
  attempt int not null,
  failures int not null,
  crashes int not null,
  blamed boolean not null,
  lane text collate "C",
  priority smallint not null,
  reads_at int not null,
  ready_at timestamptz not null,
  offered_at timestamptz,
  started_at timestamptz,
  deadline timestamptz,
  settled_at timestamptz,
  settled_step int,
  worker text collate "C",
  captured json,
  fate json,
  output json,
  error json,
  primary key (run_id, key, epoch),
  constraint task_status check (status in ('ready', 'running', 'waiting', 'succeeded', 'failed', 'skipped', 'cancelled'))
) partition by range (run_id);
-- Each partial index is as long as its backlog, not as the history.
create index task_backlog_idx on task (lane, tenant, priority, ready_at) where status = 'ready' and offered_at is null;
create index task_offered_idx on task (offered_at) where status = 'ready' and offered_at is not null;
create index task_running_idx on task (worker) where status = 'running';
create index task_waiting_idx on task (run_id) where status = 'waiting';

create table task_join (
  run_id uuid not null,
  key text collate "C" not null,
  ended int not null,
  taken int not null,
  failed int not null,
  fired boolean not null,
  primary key (run_id, key)
) partition by range (run_id);

-- The journal.
create table step (
  run_id uuid not null,
  step int not null,
  parent int not null,
  epoch int not null,
  type text collate "C" not null,
  node text collate "C",
  key text collate "C",
  task_id uuid,
  attempt int,
  worker text collate "C",
  at timestamptz not null,
  facts json not null,
  primary key (run_id, step)
) partition by range (run_id);

-- State: a channel is its newest base and the deltas after it.
create table channel_write (
  run_id uuid not null,
  channel text collate "C" not null,
  step int not null,
  kind text collate "C" not null,
  value json not null,
  primary key (run_id, channel, step, kind),
  constraint channel_write_kind check (kind in ('base', 'delta'))
) partition by range (run_id);

create table timer (
  run_id uuid not null,
  key text collate "C" not null,
  kind text collate "C" not null,
  attempt int not null,
  due_at timestamptz not null,
  primary key (run_id, key, kind)
) partition by range (run_id);
create index timer_due_idx on timer (due_at);

-- Mail to a run from outside its own transactions; each row is consumed by a settle of that run.
create table inbox (
  run_id uuid not null,
  id uuid not null,
  dedupe_key text collate "C" not null,
  kind text collate "C" not null,
  payload json not null,
  created_at timestamptz not null default now(),
  primary key (run_id, id),
  constraint inbox_once unique (run_id, dedupe_key)
) partition by range (run_id);
create index inbox_unread_idx on inbox (created_at);

create table usage (
  run_id uuid not null,
  key text collate "C" not null,
  epoch int not null,
  attempt int not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  usd double precision not null,
  primary key (run_id, key, epoch, attempt)
) partition by range (run_id);

-- Within seven days the same key gives the same run.
create table idempotency (
  tenant text collate "C" not null,
  key text collate "C" not null,
  payload_hash text collate "C" not null,
  run_id uuid not null,
  created_at timestamptz not null,
  primary key (tenant, key)
);
create index idempotency_age_idx on idempotency (created_at);

create table worker (
  id text collate "C" not null,
  name text collate "C" not null,
  lanes text[] not null,
  slots int not null,
  running int not null,
  counter bigint not null,
  version text not null,
  pid int not null,
  host text not null,
  rss_bytes bigint not null,
  started_at timestamptz not null default now(),
  beat_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (id)
);
create index worker_live_idx on worker (id) where ended_at is null;
