/** Ready tasks that limits hold back, the oldest of each list and of each key. */
import type { Candidate, GateRequest } from '@weft/engine/ports';

import { arrayText } from '../array-text.ts';
import type { Client } from '../connection.ts';
import { KEEPS_PLACE } from './places.ts';

type Row = {
  run_id: string;
  key: string;
  epoch: number;
  lane: string;
  priority: Candidate['priority'];
  ready_at: number;
  limit_key: string | null;
};

const COLUMNS = 't.run_id, t.key, t.epoch, t.lane, t.priority, t.ready_at, t.limit_key';

/** So many keys are looked at in one pass; the next one goes on behind them. */
const KEYS = 1000;

/** Those without a key. From one lane to the next through the index, and there to the tenant's lists. */
export async function plainCandidates(client: Client, { tenant, perList }: GateRequest): Promise<Candidate[]> {
  const { rows } = await client.query<Row>({
    name: 'plain-candidates',
    text: `with recursive lane as (
        (select lane from task where status = 'ready' and offered_at is null and limit_key is null and lane is not null
          order by lane limit 1)
        union all
        select next.lane from lane cross join lateral (
          select t.lane from task t
          where t.status = 'ready' and t.offered_at is null and t.limit_key is null and t.lane > lane.lane
          order by t.lane limit 1
        ) as next
      )
      select c.* from lane cross join generate_series(0, 3) as level cross join lateral (
        select ${COLUMNS} from task t
        where t.status = 'ready' and t.offered_at is null and t.limit_key is null
          and t.lane = lane.lane and t.tenant = $1 and t.priority = level
        order by t.ready_at limit $2
      ) as c`,
    values: [tenant, perList],
  });
  return rows.map(toCandidate);
}

/** The keys with which tasks wait, a page of them; `next`: where to go on, null at the end. */
export async function keysThatWait(
  client: Client,
  { tenant, afterKey }: GateRequest,
): Promise<{ names: string[]; next: string | null }> {
  const { rows } = await client.query<{ name: string }>({
    name: 'keys-that-wait',
    text: `with recursive waiting as (
        (select limit_key, 1 as n from task
          where status = 'ready' and offered_at is null and limit_key is not null and tenant = $1 and limit_key > $2
          order by limit_key limit 1)
        union all
        select next.limit_key, waiting.n + 1 from waiting cross join lateral (
          select t.limit_key from task t
          where t.status = 'ready' and t.offered_at is null and t.limit_key is not null and t.tenant = $1
            and t.limit_key > waiting.limit_key
          order by t.limit_key limit 1
        ) as next
        where waiting.n < ${KEYS}
      )
      select limit_key as name from waiting`,
    values: [tenant, afterKey ?? ''],
  });
  const names = rows.map(({ name }) => name);
  return { names, next: names.length === KEYS ? (names.at(-1) ?? null) : null };
}

/** Those with these keys: so many of each, the oldest of each of its lists first. */
export async function keyedCandidates(
  client: Client,
  tenant: string,
  keys: readonly { name: string; room: number }[],
): Promise<Candidate[]> {
  if (keys.length === 0) return [];
  const { rows } = await client.query<Row>({
    name: 'keyed-candidates',
    text: `select c.* from unnest($2::text[], $3::int[]) as k (name, room) cross join lateral (
        select o.* from (
          with recursive lane as (
            (select lane from task where status = 'ready' and offered_at is null and limit_key = k.name and tenant = $1
              order by lane limit 1)
            union all
            select next.lane from lane cross join lateral (
              select t.lane from task t
              where t.status = 'ready' and t.offered_at is null and t.limit_key = k.name and t.tenant = $1
                and t.lane > lane.lane
              order by t.lane limit 1
            ) as next
          )
          select lane.lane as of_lane, level from lane cross join generate_series(0, 3) as level
        ) as l cross join lateral (
          select ${COLUMNS} from task t
          where t.status = 'ready' and t.offered_at is null and t.limit_key = k.name and t.tenant = $1
            and t.lane = l.of_lane and t.priority = l.level
          order by t.ready_at limit k.room
        ) as o
      ) as c`,
    values: [tenant, ...[keys.map(({ name }) => name), keys.map(({ room }) => room)].map(arrayText)],
  });
  return rows.map(toCandidate);
}

/** Those that have kept their place, and are ready to go on. */
export async function resumedCandidates(client: Client, { tenant }: GateRequest): Promise<Candidate[]> {
  const { rows } = await client.query<Row>({
    name: 'resumed-candidates',
    text: `select ${COLUMNS} from place p
      join task t on t.run_id = p.run_id and t.key = p.key and t.epoch = p.epoch
      where p.tenant = $1 and t.status = 'ready' and t.offered_at is null and ${KEEPS_PLACE}`,
    values: [tenant],
  });
  return rows.map((row) => ({ ...toCandidate(row), keepsPlace: true }));
}

function toCandidate({ run_id, epoch, ready_at, limit_key, ...row }: Row): Candidate {
  return { ...row, runId: run_id, taskEpoch: epoch, readyAt: ready_at, limitKey: limit_key };
}
