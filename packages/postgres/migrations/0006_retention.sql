-- How long ended runs are kept. Without a policy nothing is ever deleted.

-- workflow: null for all workflows of the tenant that have no policy of their own. An age or a count that is null sets no limit.
create table retention_policy (
  tenant text collate "C" not null,
  workflow text collate "C",
  max_age_ms bigint,
  max_count int,
  failed_max_age_ms bigint,
  archive boolean not null,
  updated_at timestamptz not null default now(),
  constraint retention_policy_once unique nulls not distinct (tenant, workflow)
);

-- Deleted runs that an idempotency key may still name; forgotten with the keys.
create table pruned_run (
  run_id uuid not null,
  tenant text collate "C" not null,
  pruned_at timestamptz not null default now(),
  primary key (run_id)
);
create index pruned_run_age_idx on pruned_run (pruned_at);

-- A run goes after its parent and never before its children have ended. Runs without a parent are not in it.
create index run_children_idx on run (parent_run) where parent_run is not null;
