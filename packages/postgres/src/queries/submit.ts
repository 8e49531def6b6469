/** Writing new runs, with their idempotency keys. */
import type { NewRun, Plan, Submission } from '@weft/engine/ports';
import { StoreError } from '@weft/engine/ports';

import { arrayText } from '../array-text.ts';
import type { Client } from '../connection.ts';
import { json } from '../rows.ts';
import { sendPlans } from './write-plans.ts';
import type { PlannedRun } from './planned-run.ts';

/** A new run with its first decision, made at `now`. */
export type PlannedStart = { start: NewRun; plan: Plan; now: number };

type Claimed = { tenant: string; key: string; payload_hash: string; run_id: string };

/**
 * Takes the keys of the runs that have one. A key is held for seven days; two submissions of one key at once wait for each
 * other here, in key order, so that they cannot deadlock.
 */
export async function claimKeys(client: Client, starts: readonly NewRun[]): Promise<Submission[]> {
  const keyed = starts.filter((start) => start.idempotency !== null);
  if (keyed.length === 0) return starts.map(() => ({ kind: 'created' }));
  const first = new Map(keyed.toReversed().map((start) => [keyOf(start), start]));
  const ordered = [...first.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, start]) => start);
  const tenants = arrayText(ordered.map((start) => start.head.workflow.tenant));
  const keys = arrayText(ordered.map((start) => start.idempotency?.key));
  // What is read travels behind what is written; its snapshot is taken after that has got all keys it had to wait for.
  const claiming = client.query({
    name: 'claim-keys',
    text: `insert into idempotency (tenant, key, payload_hash, run_id, created_at)
      select u.tenant, u.key, u.payload_hash, u.run_id, now()
      from unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) with ordinality as u (tenant, key, payload_hash, run_id, n)
      order by u.n
      on conflict (tenant, key) do update
        set payload_hash = excluded.payload_hash, run_id = excluded.run_id, created_at = excluded.created_at
        where idempotency.created_at < now() - interval '7 days'`,
    values: [
      tenants,
      keys,
      arrayText(ordered.map((start) => start.idempotency?.payloadHash)),
      arrayText(ordered.map((start) => start.head.id)),
    ],
  });
  const reading = client.query<Claimed>({
    name: 'read-keys',
    text: `select i.tenant, i.key, i.payload_hash, i.run_id from unnest($1::text[], $2::text[]) as u (tenant, key)
      join idempotency i on i.tenant = u.tenant and i.key = u.key`,
    values: [tenants, keys],
  });
  await claiming;
  const { rows } = await reading;
  const holders = new Map(rows.map((row) => [`${row.tenant}\n${row.key}`, row]));
  return starts.map((start) => submissionOf(start, holders.get(keyOf(start))));
}

/**
 * The firings that these runs are become `started`. Throws StoreError where one does not wait any more: then nobody else has
 * the key of its run, and still it must not be started.
 */
export async function startFires(client: Client, starts: readonly NewRun[]): Promise<void> {
  const fired = starts.flatMap(({ head, fire }) => (fire ? [{ runId: head.id, ...fire }] : []));
  if (fired.length === 0) return;
  const ordered = fired.toSorted((a, b) =>
    a.scheduleId === b.scheduleId ? a.instant - b.instant : a.scheduleId < b.scheduleId ? -1 : 1,
  );
  const { rowCount } = await client.query({
    name: 'start-fires',
    text: `update schedule_fire f set outcome = 'started', run_id = u.run_id, run_status = 'running', reason = null, changed_at = now()
      from unnest($1::uuid[], $2::float8[], $3::uuid[]) as u (schedule_id, instant, run_id)
      where f.schedule_id = u.schedule_id and f.instant = to_timestamp(u.instant / 1000) and f.outcome = 'waiting'`,
    values: [
      ordered.map(({ scheduleId }) => scheduleId),
      ordered.map(({ instant }) => instant),
      ordered.map(({ runId }) => runId),
    ].map(arrayText),
  });
  if (rowCount === fired.length) return;
  throw new StoreError('a firing of a schedule does not wait any more', {
    transient: false,
    outcomeUnknown: false,
    cause: undefined,
  });
}

/** Writes the runs; the caller waits for the answers. */
export function sendStarts(client: Client, starts: readonly PlannedStart[]): Promise<unknown>[] {
  if (starts.length === 0) return [];
  const planned: PlannedRun[] = starts.map(({ start, plan, now }) => ({ runId: start.head.id, plan, now }));
  return [
    insertHeads(client, starts),
    insertBodies(client, starts),
    ...insertBudgets(client, starts),
    ...sendPlans(client, planned),
  ];
}

function keyOf({ head, idempotency }: NewRun): string {
  return `${head.workflow.tenant}\n${idempotency?.key}`;
}

function submissionOf({ head, idempotency }: NewRun, holder: Claimed | undefined): Submission {
  if (!idempotency || !holder || holder.run_id === head.id) return { kind: 'created' };
  const kind = holder.payload_hash === idempotency.payloadHash ? 'existing' : 'conflict';
  return { kind, runId: holder.run_id };
}

function insertHeads(client: Client, starts: readonly PlannedStart[]): Promise<unknown> {
  const heads = starts.map(({ plan }) => plan.decision.head);
  return client.query({
    name: 'insert-runs',
    text: `insert into run (id, tenant, workflow, version, status, epoch, step, live, asking, generations, failed,
        open_joins, priority, jumps, kept, parent_run, parent_key, parent_epoch, depth, forked_run, forked_step, payer,
        created_at, ended_at)
      select u.id, u.tenant, u.workflow, u.version, u.status, u.epoch, u.step, u.live, u.asking, u.generations, u.failed,
        u.open_joins, u.priority, u.jumps, u.kept, u.parent_run, u.parent_key, u.parent_epoch, u.depth,
        u.forked_run, u.forked_step, u.payer, to_timestamp(u.now / 1000),
        case when u.status in ('succeeded', 'failed', 'cancelled') then to_timestamp(u.now / 1000) end
      from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[], $7::int[], $8::int[], $9::int[],
        $10::int[], $11::int[], $12::int[], $13::smallint[], $14::float8[], $15::json[], $16::int[], $17::uuid[], $18::text[],
        $19::int[], $20::smallint[], $21::uuid[], $22::int[], $23::json[])
        as u (id, tenant, workflow, version, status, epoch, step, live, asking, generations, failed, open_joins, priority, now,
          jumps, kept, parent_run, parent_key, parent_epoch, depth, forked_run, forked_step, payer)`,
    values: [
      heads.map((head) => head.id),
      heads.map((head) => head.workflow.tenant),
      heads.map((head) => head.workflow.name),
      heads.map((head) => head.workflow.version),
      heads.map((head) => head.status),
      heads.map((head) => head.epoch),
      heads.map((head) => head.step),
      heads.map((head) => head.live),
      heads.map((head) => head.asking),
      heads.map((head) => head.generations),
      heads.map((head) => head.failed),
      heads.map((head) => head.openJoins),
      heads.map((head) => head.priority),
      starts.map(({ now }) => now),
      heads.map((head) => json(head.jumps)),
      heads.map((head) => head.kept),
      heads.map((head) => head.parent?.runId),
      heads.map((head) => head.parent?.key),
      heads.map((head) => head.parent?.epoch),
      heads.map((head) => head.parent?.depth ?? 0),
      starts.map(({ start }) => start.forkedFrom?.runId),
      starts.map(({ start }) => start.forkedFrom?.step),
      heads.map((head) => json(head.payer)),
    ].map(arrayText),
  });
}

/** Most runs have none. */
function insertBudgets(client: Client, starts: readonly PlannedStart[]): Promise<unknown>[] {
  const bounded = starts.filter(({ start }) => start.budget);
  if (bounded.length === 0) return [];
  const insert = client.query({
    name: 'insert-budgets',
    text: `insert into budget (id, tenant, kind, usd, tokens)
      select u.id, u.tenant, 'run', u.usd, u.tokens
      from unnest($1::uuid[], $2::text[], $3::numeric[], $4::bigint[]) as u (id, tenant, usd, tokens)`,
    values: [
      bounded.map(({ start }) => start.head.id),
      bounded.map(({ start }) => start.head.workflow.tenant),
      bounded.map(({ start }) => start.budget?.usd),
      bounded.map(({ start }) => start.budget?.tokens),
    ].map(arrayText),
  });
  return [insert];
}

/** Tags are sent as one JSON list a run: arrays of arrays would have to be of one length. */
function insertBodies(client: Client, starts: readonly PlannedStart[]): Promise<unknown> {
  return client.query({
    name: 'insert-bodies',
    text: `insert into run_body (run_id, input, config, tags, trigger)
      select u.run_id, u.input, u.config, array(select json_array_elements_text(u.tags)), u.trigger
      from unnest($1::uuid[], $2::json[], $3::json[], $4::json[], $5::json[]) as u (run_id, input, config, tags, trigger)`,
    values: [
      starts.map(({ start }) => start.head.id),
      starts.map(({ start }) => JSON.stringify(start.input)),
      starts.map(({ start }) => JSON.stringify(start.config)),
      starts.map(({ start }) => JSON.stringify(start.tags)),
      starts.map(({ start }) => json(start.fire?.trigger)),
    ].map(arrayText),
  });
}
