/** Policies as they are stored, and which rule holds for a workflow. */
import type { PolicyKey, RetentionPolicy, RetentionRule } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';

export type StoredPolicy = RetentionPolicy & { tenant: string };

const COLUMNS = `workflow, max_age_ms::float8 as "maxAgeMs", max_count as "maxCount",
  failed_max_age_ms::float8 as "failedMaxAgeMs", archive`;

/** The policies of a tenant: the one for all workflows first, then by name. */
export async function listPolicies(pool: Pool, tenant: string): Promise<RetentionPolicy[]> {
  const text = `select ${COLUMNS} from retention_policy where tenant = $1 order by workflow nulls first`;
  return query<RetentionPolicy>(pool, { text, values: [tenant] });
}

/** Those of all tenants. */
export const ALL_POLICIES = `select tenant, ${COLUMNS} from retention_policy`;

export async function setPolicy(pool: Pool, tenant: string, policy: RetentionPolicy): Promise<void> {
  const { workflow, maxAgeMs, maxCount, failedMaxAgeMs, archive } = policy;
  await query(pool, {
    text: `insert into retention_policy (tenant, workflow, max_age_ms, max_count, failed_max_age_ms, archive)
      values ($1, $2, $3, $4, $5, $6)
      on conflict on constraint retention_policy_once do update set max_age_ms = excluded.max_age_ms,
        max_count = excluded.max_count, failed_max_age_ms = excluded.failed_max_age_ms, archive = excluded.archive,
        updated_at = now()`,
    values: [tenant, workflow, maxAgeMs, maxCount, failedMaxAgeMs, archive],
  });
}

export async function removePolicy(pool: Pool, { tenant, workflow }: PolicyKey): Promise<boolean> {
  const rows = await query(pool, {
    text: 'delete from retention_policy where tenant = $1 and workflow is not distinct from $2 returning 1',
    values: [tenant, workflow],
  });
  return rows.length > 0;
}

/** The rules of all workflows by tenant and name: the workflow's own, else the tenant's, else the fallback. */
export function ruleFinder(policies: readonly StoredPolicy[], fallback: RetentionRule | null) {
  const known = new Map(policies.map((policy) => [keyOf(policy), policy]));
  return (tenant: string, workflow: string): RetentionRule | null =>
    known.get(keyOf({ tenant, workflow })) ?? known.get(keyOf({ tenant, workflow: null })) ?? fallback;
}

function keyOf({ tenant, workflow }: PolicyKey): string {
  return JSON.stringify([tenant, workflow]);
}
