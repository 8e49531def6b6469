-- Artifacts: contents lie in the store, by their hash; here stands whose they are, and which runs refer to them.

-- What lies in the store, of all tenants together, or is just being put there. Whoever takes a content away holds its row.
create table artifact_content (
  artifact text collate "C" not null,
  bytes bigint not null,
  touched_at timestamptz not null default now(),
  primary key (artifact)
);

-- The contents that a tenant has. The name and the media type are those under which it was kept last.
create table artifact (
  id bigint generated always as identity,
  tenant text collate "C" not null,
  artifact text collate "C" not null,
  name text not null,
  media_type text collate "C" not null,
  bytes bigint not null,
  created_at timestamptz not null default now(),
  touched_at timestamptz not null default now(),
  primary key (tenant, artifact)
);
create unique index artifact_listed_idx on artifact (tenant, id desc);
create index artifact_content_idx on artifact (artifact);

-- Which runs have written or read it, and the task that did so first, under its name there. A row of a run that is gone means nothing.
create table artifact_ref (
  id bigint generated always as identity,
  run_id uuid not null,
  artifact text collate "C" not null,
  name text not null,
  tenant text collate "C" not null,
  task_id uuid not null,
  media_type text collate "C" not null,
  written boolean not null,
  created_at timestamptz not null default now(),
  primary key (run_id, artifact, name)
);
create index artifact_ref_listed_idx on artifact_ref (run_id, id desc);
create index artifact_ref_idx on artifact_ref (tenant, artifact);
create unique index artifact_ref_id_idx on artifact_ref (id);
