-- API keys. Of a secret there is only its SHA-256, hexadecimal; a key is looked up by its id. Rows are never deleted.
create table api_key (
  id uuid not null,
  tenant text collate "C" not null,
  name text not null,
  role text collate "C" not null,
  digest text collate "C" not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  primary key (id)
);
create index api_key_tenant_idx on api_key (tenant, id desc);
