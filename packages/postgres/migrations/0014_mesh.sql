-- Where everything goes to the cheapest endpoint; tenant '*' is all of them. Changes raise endpoint_version.
create table emergency (
  tenant text collate "C" not null,
  since timestamptz not null default now(),
  reason text,
  primary key (tenant)
);

-- Whether there shall be more workers or fewer: what it is held to, what was decided last, and what the next decision has to
-- know of those before.
create table scaling (
  sla_ms int not null,
  memory json,
  decision json,
  decided_at timestamptz
);
insert into scaling (sla_ms) values (5000);

-- The last changes; older ones are removed with each new one.
create table scaling_event (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  event json not null
);
