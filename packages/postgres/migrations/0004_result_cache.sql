-- Results of cached tasks, and leases on those that are being computed. A row may lack a result, or a lease; it is worth
-- nothing once both are over.
create table result_cache (
  tenant text collate "C" not null,
  key text collate "C" not null,
  holder text collate "C",
  lease_until timestamptz,
  output json,
  state_updates json,
  stored_at timestamptz,
  expires_at timestamptz,
  primary key (tenant, key)
);
create index result_cache_expiry_idx on result_cache (greatest(expires_at, lease_until));
