-- Endpoints: what is outside and does work.

-- Rises with every change below, so that processes need not read what they know.
create table endpoint_version (
  version bigint not null
);
insert into endpoint_version (version) values (0);

-- definition: all that is shown and has no column of its own. A token is either the name of a secret (token_secret), or
-- AES-256-GCM under the key token_key: a nonce of 12 bytes, and the ciphertext with its tag. probe_every_ms: null where its
-- health is not asked for. updated_at is not about health.
create table endpoint (
  tenant text collate "C" not null,
  name text collate "C" not null,
  definition json not null,
  token_secret text collate "C",
  token_key text collate "C",
  token_nonce bytea,
  token_sealed bytea,
  source text collate "C" not null,
  is_draining boolean not null default false,
  probe_every_ms bigint,
  is_healthy boolean,
  problem text,
  failed_probes int not null default 0,
  probed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant, name),
  constraint endpoint_token_whole check (
    (token_key is null) = (token_nonce is null) and (token_key is null) = (token_sealed is null)
    and (token_key is null or token_secret is null))
);
