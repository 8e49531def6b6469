/** The registry of endpoints: the EndpointStore port on Postgres. */
import type { EndpointRecord, EndpointStore } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';
import { definitionOf, ENDPOINT_COLUMNS, toEndpoint, tokenColumns } from './endpoint-row.ts';
import type { EndpointRow } from './endpoint-row.ts';
import { NO_SECRET_KEYS } from './secret-keys.ts';
import type { SecretKeys } from './secret-keys.ts';
import { TokenBox } from './token-box.ts';

const DEFAULT_PROBE_MS = 30_000;
/** Such an endpoint has nothing that a request could be sent to; it counts as healthy. */
const ASYNCHRONOUS: readonly string[] = ['mqtt', 'redis_stream'];

export function createEndpointStore(pool: Pool, keys: SecretKeys = NO_SECRET_KEYS): EndpointStore {
  const box = new TokenBox(keys);
  /** Tells the others in the same statement. Gives whether anything was changed. */
  const change = async (text: string, values: unknown[]): Promise<boolean> => {
    const [row] = await query<{ changed: number }>(pool, {
      text: `with changed as (${text} returning 1), told as (
          update endpoint_version set version = version + 1 where exists (select from changed)
        )
        select count(*)::int as changed from changed`,
      values,
    });
    return (row?.changed ?? 0) > 0;
  };
  return {
    async list(tenant) {
      const where = tenant === null ? '' : 'where tenant = $1';
      const text = `select ${ENDPOINT_COLUMNS} from endpoint ${where} order by tenant, name`;
      const rows = await query<EndpointRow>(pool, { text, values: tenant === null ? [] : [tenant] });
      return rows.map((row) => toEndpoint(row, box));
    },
    async get(tenant, name) {
      const text = `select ${ENDPOINT_COLUMNS} from endpoint where tenant = $1 and name = $2`;
      const [row] = await query<EndpointRow>(pool, { text, values: [tenant, name] });
      return row ? toEndpoint(row, box) : null;
    },
    create: async (record) => change(CREATE, [...valuesOf(record), ...tokenColumns(record, box), record.isDraining]),
    replace: async (record, ifUpdatedAt) =>
      change(REPLACE, [
        ...valuesOf(record),
        ...tokenColumns(record, box),
        record.token?.kind === 'sealed',
        ifUpdatedAt ?? null,
      ]),
    remove: (tenant, name) => change('delete from endpoint where tenant = $1 and name = $2', [tenant, name]),
    setDraining: (tenant, name, isDraining) =>
      change(
        `update endpoint set is_draining = $3, updated_at = case when is_draining = $3 then updated_at else now() end
          where tenant = $1 and name = $2`,
        [tenant, name, isDraining],
      ),
    async setHealthy(tenant, name, isHealthy, { failures, problem }) {
      await query(pool, {
        name: 'endpoint-health',
        text: HEALTH,
        values: [tenant, name, isHealthy, failures, problem],
      });
    },
    async takeDueProbes(limit) {
      const rows = await query<EndpointRow>(pool, { name: 'endpoint-due', text: TAKE_DUE, values: [limit] });
      return rows.map((row) => ({ endpoint: toEndpoint(row, box), failures: row.failed_probes }));
    },
    reseal: () => reseal(pool, box),
    async version() {
      const text = 'select version from endpoint_version';
      const [row] = await query<{ version: number }>(pool, { name: 'endpoint-version', text });
      return row?.version ?? 0;
    },
  };
}

const CREATE = `insert into endpoint (tenant, name, definition, source, probe_every_ms, token_secret, token_key, token_nonce,
    token_sealed, is_draining)
  values ($1, $2, $3::json, $4, $5, $6, $7, $8, $9, $10) on conflict (tenant, name) do nothing`;

/** What is asked about its health by another way is unknown until it has answered. */
const IS_ASKED_ALIKE = `(definition->>'url' = $3::json->>'url' and definition->>'protocol' = $3::json->>'protocol'
  and (definition->'health')::text = ($3::json->'health')::text)`;

const REPLACE = `update endpoint set definition = $3::json, source = $4, probe_every_ms = $5,
    token_secret = case when $10 then token_secret else $6 end,
    token_key = case when $10 then token_key else $7 end,
    token_nonce = case when $10 then token_nonce else $8::bytea end,
    token_sealed = case when $10 then token_sealed else $9::bytea end,
    is_healthy = case when ${IS_ASKED_ALIKE} then is_healthy end,
    problem = case when ${IS_ASKED_ALIKE} then problem end,
    failed_probes = case when ${IS_ASKED_ALIKE} then failed_probes else 0 end,
    probed_at = case when ${IS_ASKED_ALIKE} then probed_at end,
    updated_at = now()
  where tenant = $1 and name = $2
    and ($11::float8 is null or date_trunc('milliseconds', updated_at) = to_timestamp($11::float8 / 1000))`;

const HEALTH = `with before as (
    select is_healthy, problem from endpoint where tenant = $1 and name = $2 for no key update
  ), changed as (
    update endpoint set is_healthy = $3, failed_probes = $4, problem = $5 where tenant = $1 and name = $2
  )
  update endpoint_version set version = version + 1
    from before where (before.is_healthy, before.problem) is distinct from ($3::boolean, $5::text)`;

const TAKE_DUE = `with due as (
    select tenant, name from endpoint
      where probe_every_ms is not null
        and (probed_at is null or probed_at + make_interval(secs => probe_every_ms::float8 / 1000) <= now())
      order by probed_at nulls first limit $1 for no key update skip locked
  )
  update endpoint set probed_at = now() from due
    where endpoint.tenant = due.tenant and endpoint.name = due.name
    returning ${ENDPOINT_COLUMNS.replaceAll(/\b(tenant|name)\b/g, 'endpoint.$1')}`;

function valuesOf(record: EndpointRecord): unknown[] {
  const { tenant, name, source = 'api' } = record;
  return [tenant, name, JSON.stringify(definitionOf(record)), source, probeEveryMs(record)];
}

function probeEveryMs({ protocol, health: { enabled = true, everyMs = DEFAULT_PROBE_MS } }: EndpointRecord) {
  return enabled && !ASYNCHRONOUS.includes(protocol) ? everyMs : null;
}

/** One after the other: whoever changes one meanwhile has encrypted it anew. */
async function reseal(pool: Pool, box: TokenBox): Promise<number> {
  if (box.keyId === null) return 0;
  const rows = await query<EndpointRow>(pool, {
    text: `select ${ENDPOINT_COLUMNS} from endpoint where token_key = any($1) and token_key <> $2`,
    values: [box.keyIds, box.keyId],
  });
  let resealed = 0;
  for (const row of rows) {
    const record = toEndpoint(row, box);
    if (record.token?.kind !== 'value') continue;
    const [, keyId, nonce, sealed] = tokenColumns(record, box);
    const changed = await query(pool, {
      text: `update endpoint set token_key = $4, token_nonce = $5, token_sealed = $6
        where tenant = $1 and name = $2 and token_nonce = $3 returning 1`,
      values: [row.tenant, row.name, row.token_nonce, keyId, nonce, sealed],
    });
    resealed += changed.length;
  }
  return resealed;
}
