/** Workflow versions: the WorkflowStore port on Postgres. */
import type { WorkflowDocument } from '@weft/contract';
import type { StoredWorkflow, WorkflowStore } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query, transact } from './connection.ts';
import type { Client } from './connection.ts';

type VersionRow = {
  tenant: string;
  name: string;
  version: number;
  hash: string;
  document: WorkflowDocument;
  created_at: number;
};

const COLUMNS = 'tenant, name, version, hash, document, created_at';

export function createWorkflowStore(pool: Pool): WorkflowStore {
  return {
    save: (request) => transact(pool, async (client) => ({ result: await save(client, request), sent: [] })),
    async load({ tenant, name, version }) {
      const [row] = await query<VersionRow>(pool, {
        name: 'load-workflow',
        text: `select ${COLUMNS} from workflow_version
          where tenant = $1 and name = $2 and (version = $3 or ($3::int is null and not variant)) order by version desc limit 1`,
        values: [tenant, name, version ?? null],
      });
      return row ? toStored(row) : null;
    },
    async list({ tenant, limit, afterName }) {
      const rows = await query<VersionRow>(pool, {
        text: `select distinct on (name) ${COLUMNS} from workflow_version
          where tenant = $1 and not variant and ($2::text is null or name > $2)
          order by name, version desc limit $3`,
        values: [tenant, afterName, limit],
      });
      return rows.map(toStored);
    },
    // Steps from tenant to tenant along the primary key.
    async tenants() {
      const rows = await query<{ tenant: string }>(pool, {
        name: 'list-tenants',
        text: `with recursive owner as (
            (select tenant from workflow_version order by tenant limit 1)
            union all
            select next.tenant from owner cross join lateral (
              select tenant from workflow_version where tenant > owner.tenant order by tenant limit 1
            ) as next
          )
          select tenant from owner`,
      });
      return rows.map(({ tenant }) => tenant);
    },
  };
}

/** Saving one workflow's versions is serial, so that their numbers have no gaps and equal contents meet. */
async function save(
  client: Client,
  { tenant, hash: content, document, isVariant = false }: Parameters<WorkflowStore['save']>[0],
) {
  const { name } = document;
  // The same content may be saved as a version of its own.
  const hash = isVariant ? `variant ${content}` : content;
  await client.query({
    text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
    values: [`workflow ${tenant} ${name}`],
  });
  const known = await client.query<VersionRow>({
    text: `select ${COLUMNS} from workflow_version where tenant = $1 and name = $2 and hash = $3`,
    values: [tenant, name, hash],
  });
  if (known.rows[0]) return { ...toStored(known.rows[0]), created: false };
  const saved = await client.query<VersionRow>({
    text: `insert into workflow_version (tenant, name, version, hash, document, variant)
      select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5 from workflow_version where tenant = $1 and name = $2
      returning ${COLUMNS}`,
    values: [tenant, name, hash, JSON.stringify(document), isVariant],
  });
  if (!saved.rows[0]) throw new Error(`version of ${name} was not saved`);
  return { ...toStored(saved.rows[0]), created: true };
}

function toStored({ tenant, name, version, hash, document, created_at }: VersionRow): StoredWorkflow {
  return { ref: { tenant, name, version }, hash, document, createdAt: created_at };
}
