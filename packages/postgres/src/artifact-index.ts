/** Whose artifacts are, and which runs refer to them: the ArtifactIndex port on Postgres. */
import type { ArtifactIndex, ArtifactRecord, ArtifactsFilter, NewArtifact, Stale } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query, transact } from './connection.ts';

type Row = {
  id: number;
  artifact: string;
  bytes: number;
  name: string;
  media_type: string;
  created_at: number;
  run_id: string | null;
  task_id: string | null;
};

const OLDER = (place: string): string => `now() - make_interval(secs => ${place}::float8 / 1000)`;

export function createArtifactIndex(pool: Pool): ArtifactIndex {
  return {
    async claim({ artifact, bytes }) {
      await query(pool, {
        name: 'claim-artifact',
        text: `insert into artifact_content (artifact, bytes) values ($1, $2)
          on conflict (artifact) do update set touched_at = now()`,
        values: [artifact, bytes],
      });
    },
    record: (entry) => record(pool, entry),
    async find(tenant, artifact, by) {
      const row = await findRow(pool, { tenant, artifact, runId: by?.runId ?? null });
      if (!row) return null;
      if (!by || row.is_referred) return toRecord(row);
      return (await refer(pool, { tenant, artifact, ...by })) ? toRecord(row) : null;
    },
    list: (filter) => list(pool, filter),
    remove: (tenant, artifact) => remove(pool, tenant, artifact),
    release: (stale) => release(pool, stale),
    async unowned({ olderThanMs, limit }) {
      const rows = await query<{ artifact: string }>(pool, {
        text: `select artifact from artifact_content c where touched_at < ${OLDER('$1')}
          and not exists (select 1 from artifact a where a.artifact = c.artifact) limit $2`,
        values: [olderThanMs, limit],
      });
      return rows.map(({ artifact }) => artifact);
    },
    collect: (artifact, olderThanMs, take) =>
      transact(pool, async (client) => {
        const { rows } = await client.query({
          text: `delete from artifact_content c where artifact = $1 and touched_at < ${OLDER('$2')}
            and not exists (select 1 from artifact a where a.artifact = c.artifact) returning 1`,
          values: [artifact, olderThanMs],
        });
        if (rows.length > 0) await take();
        return { result: rows.length > 0, sent: [] };
      }),
    async adopt(contents) {
      const rows = await query(pool, {
        text: `insert into artifact_content (artifact, bytes, touched_at)
          select artifact, bytes, '-infinity' from unnest($1::text[], $2::bigint[]) as c (artifact, bytes)
          on conflict do nothing returning 1`,
        values: [contents.map(({ artifact }) => artifact), contents.map(({ bytes }) => bytes)],
      });
      return rows.length;
    },
  };
}

/** Touching the content waits for whoever is about to take it away, and keeps others from doing so. */
async function record(pool: Pool, { artifact, bytes, tenant, name, mediaType, by }: NewArtifact): Promise<boolean> {
  const rows = await query(pool, {
    name: 'record-artifact',
    text: `with content as (
        update artifact_content set touched_at = now() where artifact = $1 returning artifact
      ), owned as (
        insert into artifact (tenant, artifact, name, media_type, bytes) select $3, artifact, $4, $5, $2 from content
        on conflict (tenant, artifact) do update set name = excluded.name, media_type = excluded.media_type, touched_at = now()
      ), referred as (
        insert into artifact_ref (run_id, artifact, name, tenant, task_id, media_type, written)
        select $6::uuid, artifact, $4, $3, $7::uuid, $5, true from content where $6::uuid is not null
        on conflict (run_id, artifact, name) do update set written = true
      )
      select 1 from content`,
    values: [artifact, bytes, tenant, name, mediaType, by?.runId ?? null, by?.taskId ?? null],
  });
  return rows.length > 0;
}

async function findRow(
  pool: Pool,
  { tenant, artifact, runId }: { tenant: string; artifact: string; runId: string | null },
) {
  const [row] = await query<Row & { is_referred: boolean }>(pool, {
    name: 'find-artifact',
    text: `select id, artifact, bytes, name, media_type, created_at, null::uuid as run_id, null::uuid as task_id,
        exists (select 1 from artifact_ref r where r.run_id = $3::uuid and r.artifact = a.artifact) as is_referred
      from artifact a where tenant = $1 and artifact = $2`,
    values: [tenant, artifact, runId],
  });
  return row ?? null;
}

type Reference = { tenant: string; artifact: string; runId: string; taskId: string };

/** Touching the artifact keeps it while the reference to it is written. */
async function refer(pool: Pool, { tenant, artifact, runId, taskId }: Reference): Promise<boolean> {
  const rows = await query(pool, {
    name: 'refer-to-artifact',
    text: `with owned as (
        update artifact set touched_at = now() where tenant = $1 and artifact = $2 returning artifact, name, media_type
      ), referred as (
        insert into artifact_ref (run_id, artifact, name, tenant, task_id, media_type, written)
        select $3, artifact, name, $1, $4, media_type, false from owned on conflict do nothing
      )
      select 1 from owned`,
    values: [tenant, artifact, runId, taskId],
  });
  return rows.length > 0;
}

async function list(pool: Pool, { tenant, runId, limit, after }: ArtifactsFilter) {
  const of = runId === null ? ALL : OF_RUN;
  const values = [tenant, after ?? Number.MAX_SAFE_INTEGER, limit + 1, ...(runId === null ? [] : [runId])];
  const rows = await query<Row>(pool, {
    name: runId === null ? 'list-artifacts' : 'list-run-artifacts',
    text: of,
    values,
  });
  const items = rows.slice(0, limit);
  return { items: items.map(toRecord), next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

const ALL = `select id, artifact, bytes, name, media_type, created_at, null::uuid as run_id, null::uuid as task_id
  from artifact where tenant = $1 and id < $2 order by id desc limit $3`;

const OF_RUN = `select r.id, r.artifact, c.bytes, r.name, r.media_type, r.created_at, r.run_id, r.task_id
  from artifact_ref r join artifact c on c.tenant = r.tenant and c.artifact = r.artifact
  where r.tenant = $1 and r.run_id = $4::uuid and r.id < $2 order by r.id desc limit $3`;

const IN_USE = `exists (select 1 from artifact_ref r where r.tenant = a.tenant and r.artifact = a.artifact
  and exists (select 1 from run where run.id = r.run_id))`;

/** It is locked first: who begins to refer to it meanwhile is seen. */
async function remove(pool: Pool, tenant: string, artifact: string): Promise<'removed' | 'missing' | 'in_use'> {
  return transact(pool, async (client) => {
    const values = [tenant, artifact];
    const held = await client.query({
      text: 'select 1 from artifact where tenant = $1 and artifact = $2 for update',
      values,
    });
    if (held.rows.length === 0) return { result: 'missing', sent: [] };
    const { rows } = await client.query({
      text: `delete from artifact a where tenant = $1 and artifact = $2 and not ${IN_USE} returning 1`,
      values,
    });
    if (rows.length === 0) return { result: 'in_use', sent: [] };
    const text = 'delete from artifact_ref where tenant = $1 and artifact = $2';
    return { result: 'removed', sent: [client.query({ text, values })] };
  });
}

/** By turns, so that no statement takes long; who reads one meanwhile has touched it, and it stays. */
async function release(pool: Pool, { olderThanMs, limit }: Stale): Promise<number> {
  for (let after = 0; ;) {
    const [last] = await query<{ id: number | null }>(pool, {
      text: `with page as (select id, run_id from artifact_ref where id > $1 order by id limit $2), gone as (
          delete from artifact_ref r using page p where r.id = p.id and not exists (select 1 from run where run.id = p.run_id)
        )
        select max(id) as id from page`,
      values: [after, limit],
    });
    if (last?.id == null) break;
    after = last.id;
  }
  const rows = await query(pool, {
    text: `delete from artifact where (tenant, artifact) in (
        select tenant, artifact from artifact a where touched_at < ${OLDER('$1')}
          and not exists (select 1 from artifact_ref r where r.tenant = a.tenant and r.artifact = a.artifact) limit $2
      ) and touched_at < ${OLDER('$1')} returning 1`,
    values: [olderThanMs, limit],
  });
  return rows.length;
}

function toRecord({ artifact, bytes, name, media_type, created_at, run_id, task_id }: Row): ArtifactRecord {
  const by = run_id !== null && task_id !== null ? { runId: run_id, taskId: task_id } : null;
  return { artifact, bytes, name, mediaType: media_type, createdAt: created_at, by };
}
