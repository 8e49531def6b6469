/** The way on for what limits hold back: the GateStore port on Postgres. */
import type { Candidate, GateRequest, GateStore, GateView, TaskMessage } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query, transact } from './connection.ts';
import type { Client } from './connection.ts';
import { keyedCandidates, keysThatWait, plainCandidates, resumedCandidates } from './queries/gate-candidates.ts';
import { adoptPlaces, offerChosen, takenPlaces } from './queries/places.ts';

type Choose = Parameters<GateStore['pass']>[1];

export function createGateStore(pool: Pool): GateStore {
  return {
    async keyedTenants() {
      const rows = await query<{ tenant: string }>(pool, {
        name: 'keyed-tenants',
        text: `with recursive waiting as (
            (select tenant from task where status = 'ready' and offered_at is null and limit_key is not null
              order by tenant limit 1)
            union all
            select next.tenant from waiting cross join lateral (
              select t.tenant from task t
              where t.status = 'ready' and t.offered_at is null and t.limit_key is not null and t.tenant > waiting.tenant
              order by t.tenant limit 1
            ) as next
          )
          select tenant from waiting`,
      });
      return rows.map(({ tenant }) => tenant);
    },
    pass: (request, choose) => transact(pool, (client) => passOnce(client, request, choose)),
  };
}

/** What is counted and chosen from is read by statements of their own, after the lock: they see what was offered under it before. */
async function passOnce(client: Client, request: GateRequest, choose: Choose) {
  if (!(await lockTenant(client, request.tenant))) return { result: null, sent: [] };
  const adopting = request.adopts ? [adoptPlaces(client, request.tenant)] : [];
  const view = await look(client, request);
  await Promise.all(adopting);
  const chosen = await choose(view);
  const result: TaskMessage[] = chosen.length === 0 ? [] : await offerChosen(client, chosen);
  return { result, sent: [] };
}

async function lockTenant(client: Client, tenant: string): Promise<boolean> {
  const { rows } = await client.query<{ is_mine: boolean }>({
    name: 'lock-gate',
    text: "select pg_try_advisory_xact_lock(hashtextextended('gate ' || $1, 0)) as is_mine",
    values: [tenant],
  });
  return rows[0]?.is_mine ?? false;
}

async function look(client: Client, request: GateRequest): Promise<GateView> {
  const [{ now, taken }, resumed, plain, keys, served] = await Promise.all([
    takenPlaces(client, request.tenant),
    resumedCandidates(client, request),
    request.isLimited ? plainCandidates(client, request) : [],
    keysThatWait(client, request),
    servedLanes(client),
  ]);
  const rooms = keys.names.map((name) => ({ name, room: request.perKey(name, taken.get(name) ?? 0) }));
  const keyed = await keyedCandidates(
    client,
    request.tenant,
    rooms.filter(({ room }) => room > 0),
  );
  const isResumed = new Set(resumed.map(nameOf));
  const others = [...plain, ...keyed].filter((one) => !isResumed.has(nameOf(one)));
  return { now, taken, candidates: [...resumed, ...others], served, nextKey: keys.next };
}

function nameOf({ runId, key, taskEpoch }: Candidate): string {
  return `${runId} ${key} ${taskEpoch}`;
}

async function servedLanes(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ lane: string }>({
    name: 'served-lanes',
    text: 'select distinct unnest(lanes) as lane from worker where ended_at is null',
  });
  return rows.map(({ lane }) => lane);
}
