/** The outbox: what callbacks are to be told of a decision is written with it (nothing, for nearly all). */
import { TERMINAL_RUN, tellingsOf } from '@weft/engine/domain';
import type { RunHead, Telling } from '@weft/engine/domain';

import { arrayText } from '../array-text.ts';
import type { Client } from '../connection.ts';
import type { Listeners } from './listeners.ts';
import type { Decision, PlannedRun } from './planned-run.ts';

/** A run with what was decided for it; `before`: how it stood until then. */
type ToldRun = PlannedRun & { before: RunHead['status']; hasCallbacks: boolean };

type Row = Telling & { head: RunHead; now: number };

/** Whether there is anything in this decision that callbacks are told of. */
export function mayTell({ head, steps }: Decision, before: RunHead['status']): boolean {
  const isNews = head.status !== before && (head.status === 'interrupted' || TERMINAL_RUN.has(head.status));
  return isNews || steps.some(({ type }) => type === 'task_failed');
}

/** Sends the rows of all who listen; the caller waits for the answer. */
export function sendDeliveries(client: Client, runs: readonly ToldRun[], listeners: Listeners): Promise<unknown>[] {
  const rows = runs.flatMap(({ plan: { decision }, before, hasCallbacks, now }): Row[] => {
    if (!mayTell(decision, before)) return [];
    if (!hasCallbacks && !listeners.mayHear(decision.head.workflow.tenant)) return [];
    return tellingsOf(decision, before).map((telling) => ({ ...telling, head: decision.head, now }));
  });
  if (rows.length === 0) return [];
  const insert = client.query({
    name: 'insert-deliveries',
    text: INSERT,
    values: [
      rows.map(({ head }) => head.id),
      rows.map(({ head }) => head.workflow.tenant),
      rows.map(({ head }) => head.epoch),
      rows.map(({ step }) => step),
      rows.map(({ event }) => event),
      rows.map((row) => JSON.stringify(payloadOf(row))),
      rows.map(({ now }) => now),
    ].map(arrayText),
  });
  return [insert];
}

/** Ids are made of what is told, behind its time: as many as there are listeners, which only the database knows. */
const INSERT = `insert into callback_delivery (id, callback_id, tenant, run_id, event, payload, due_at, created_at)
  select (lpad(to_hex(floor(u.now)::bigint), 12, '0') || '8' || substr(m.hash, 1, 3) || '8' || substr(m.hash, 4, 15))::uuid,
    c.id, u.tenant, u.run_id, u.event, u.payload, to_timestamp(u.now / 1000), to_timestamp(u.now / 1000)
  from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::text[], $6::json[], $7::float8[])
    as u (run_id, tenant, epoch, step, event, payload, now)
  cross join lateral (
    select id, active, events from callback where run_id is null and tenant = u.tenant
    union all
    select id, active, events from callback where run_id = u.run_id
  ) as c
  cross join lateral (select md5(concat_ws(' ', c.id, u.run_id, u.epoch, u.step, u.event)) as hash) as m
  where c.active and (c.events is null or u.event = any(c.events))`;

/** The body of a delivery, in the shape of Standard Webhooks. */
function payloadOf({ event, step, at, task, error, head }: Row): object {
  const { id: runId, workflow, status } = head;
  return {
    type: event,
    timestamp: new Date(at).toISOString(),
    data: {
      runId,
      workflow: { name: workflow.name, version: workflow.version },
      status,
      step,
      ...(task && { task }),
      ...(error && { error }),
    },
  };
}
