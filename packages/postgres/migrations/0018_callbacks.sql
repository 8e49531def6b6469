-- Callbacks: addresses that are told what becomes of runs, and what is on its way to them.

-- Whether the run has callbacks of its own: nearly none has.
alter table run add column has_callbacks boolean not null default false;

-- Of a tenant, or (run_id) of one of its runs. events: null for all of them. A secret is AES-256-GCM under the key secret_key,
-- as the tokens of endpoints are: a nonce of 12 bytes, and the ciphertext with its tag; the former one signs as well until
-- old_until. open_until: its circuit is open, and one delivery is tried then.
create table callback (
  id uuid not null,
  tenant text collate "C" not null,
  run_id uuid,
  url text not null,
  description text,
  events text[],
  active boolean not null,
  secret_key text collate "C",
  secret_nonce bytea,
  secret_sealed bytea,
  old_key text collate "C",
  old_nonce bytea,
  old_sealed bytea,
  old_until timestamptz,
  failures int not null default 0,
  open_until timestamptz,
  problem text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (id),
  constraint callback_secret_whole check ((secret_key is null) = (secret_nonce is null) and (secret_key is null) = (secret_sealed is null)),
  constraint callback_old_whole check ((old_key is null) = (old_nonce is null) and (old_key is null) = (old_sealed is null))
);
create index callback_tenant_idx on callback (tenant, id desc) where run_id is null;
create index callback_run_idx on callback (run_id) where run_id is not null;

-- The outbox: written in the transaction of what is told. due_at: of the next attempt. queued_until: a queue has it, or lost
-- it by then. log: the last attempts.
create table callback_delivery (
  id uuid not null,
  callback_id uuid not null,
  tenant text collate "C" not null,
  run_id uuid,
  event text collate "C" not null,
  payload json not null,
  status text collate "C" not null default 'pending',
  attempts int not null default 0,
  due_at timestamptz not null default now(),
  queued_until timestamptz,
  log json not null default '[]',
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (id),
  constraint callback_delivery_status check (status in ('pending', 'delivered', 'dead', 'dropped')),
  constraint callback_delivery_ended check ((ended_at is not null) = (status <> 'pending'))
);
-- As long as what is still to be told.
create index callback_delivery_due_idx on callback_delivery (callback_id, due_at) where status = 'pending';
create index callback_delivery_tenant_idx on callback_delivery (tenant, id desc);
create index callback_delivery_of_idx on callback_delivery (callback_id, id desc);
create index callback_delivery_run_idx on callback_delivery (run_id) where run_id is not null;
create index callback_delivery_ended_idx on callback_delivery (ended_at) where status <> 'pending';
