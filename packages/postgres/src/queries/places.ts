/** Places under limits: who has one, and giving them with an offer. */
import type { Candidate, TaskMessage } from '@weft/engine/ports';

import { arrayText } from '../array-text.ts';
import type { Client } from '../connection.ts';
import { ITS_RUN, MESSAGE_COLUMNS, toMessage } from './offers.ts';
import type { MessageRow } from './offers.ts';

/** Whether what a task has asked for is under way outside, while the task itself waits. */
export const KEEPS_PLACE = `(t.detail is not null and coalesce(t.detail->>'keepsPlace', '') = 'true')`;

/** Whether a task is on its way to a worker, or with one, or keeps its place while it waits. */
const IS_TAKEN = `(t.status = 'running' or (t.status = 'ready' and (t.offered_at is not null or ${KEEPS_PLACE}))
  or (t.status = 'waiting' and ${KEEPS_PLACE}))`;

/**
 * How many have a place, by key; places of tasks that have ended, or wait anew, are removed. The truth is in the tasks: a settle
 * does not know of places.
 */
export async function takenPlaces(
  client: Client,
  tenant: string,
): Promise<{ now: number; taken: Map<string | null, number> }> {
  const { rows } = await client.query<{ limit_key: string | null; n: number; now: number }>({
    name: 'taken-places',
    text: `with one as materialized (
        select p.run_id, p.key, p.epoch, p.limit_key, coalesce(t.is_taken, false) as is_taken from place p
        left join lateral (
          select ${IS_TAKEN} as is_taken from task t where t.run_id = p.run_id and t.key = p.key and t.epoch = p.epoch offset 0
        ) as t on true
        where p.tenant = $1
      ), removed as (
        delete from place p using one where not one.is_taken
          and p.run_id = one.run_id and p.key = one.key and p.epoch = one.epoch
      )
      select limit_key, count(*) filter (where is_taken)::int as n,
        (extract(epoch from clock_timestamp()) * 1000)::float8 as now
      from (select limit_key, is_taken from one union all select null, false) as all_of_them group by limit_key`,
    values: [tenant],
  });
  return { now: rows[0]?.now ?? 0, taken: new Map(rows.map(({ limit_key: key, n }) => [key, n])) };
}

/** Two looks, each through the index of its tasks. */
export async function adoptPlaces(client: Client, tenant: string): Promise<void> {
  await client.query({
    name: 'adopt-places',
    text: `insert into place (run_id, key, epoch, tenant, limit_key)
      select run_id, key, epoch, tenant, limit_key from task
        where status = 'ready' and offered_at is not null and tenant = $1
      union all
      select run_id, key, epoch, tenant, limit_key from task where status = 'running' and tenant = $1
      on conflict do nothing`,
    values: [tenant],
  });
}

/** What was changed or locked since it was chosen is left out. */
export async function offerChosen(client: Client, chosen: readonly Candidate[]): Promise<TaskMessage[]> {
  const { rows } = await client.query<MessageRow>({
    name: 'offer-chosen',
    text: `with chosen as materialized (
        select ${MESSAGE_COLUMNS}, t.limit_key, u.n
        from unnest($1::uuid[], $2::text[], $3::int[]) with ordinality as u (run_id, key, epoch, n)
        join task t on t.run_id = u.run_id and t.key = u.key and t.epoch = u.epoch ${ITS_RUN}
        where t.status = 'ready' and t.offered_at is null for update of t skip locked
      ), offered as (
        update task t set offered_at = clock_timestamp() from chosen c
        where t.run_id = c.run_id and t.key = c.key and t.epoch = c.task_epoch
      ), given as (
        insert into place (run_id, key, epoch, tenant, limit_key)
        select run_id, key, task_epoch, tenant, limit_key from chosen on conflict (run_id, key, epoch) do nothing
      )
      select * from chosen order by n`,
    values: [
      chosen.map(({ runId }) => runId),
      chosen.map(({ key }) => key),
      chosen.map(({ taskEpoch }) => taskEpoch),
    ].map(arrayText),
  });
  return rows.map(toMessage);
}
