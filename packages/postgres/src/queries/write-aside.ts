/** What goes along with the tasks of a run: timers, usage, the items of sends. */
import type { Client } from '../connection.ts';
import { sendRows } from './planned-run.ts';
import type { Decision, Tagged } from './planned-run.ts';

export function deleteTimers(client: Client, rows: Tagged<Decision['timersCleared'][number]>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'delete-timers',
    text: `delete from timer t using unnest($1::uuid[], $2::text[], $3::text[]) as u (run_id, key, kind)
      where t.run_id = u.run_id and t.key = u.key and t.kind = u.kind`,
    columns: [(timer) => timer.key, (timer) => timer.kind],
  });
}

export function upsertTimers(client: Client, rows: Tagged<Decision['timersSet'][number]>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'upsert-timers',
    text: `insert into timer (run_id, key, kind, attempt, due_at)
      select u.run_id, u.key, u.kind, u.attempt, to_timestamp(u.due_at / 1000)
      from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::float8[]) as u (run_id, key, kind, attempt, due_at)
      on conflict (run_id, key, kind) do update set attempt = excluded.attempt, due_at = excluded.due_at`,
    columns: [(timer) => timer.key, (timer) => timer.kind, (timer) => timer.attempt, (timer) => timer.dueAt],
  });
}

export function insertUsage(client: Client, rows: Tagged<Decision['usage'][number]>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'insert-usage',
    text: `insert into usage (run_id, key, epoch, attempt, input_tokens, output_tokens, usd, placed, tenant)
      select * from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::bigint[], $6::bigint[], $7::numeric[], $8::json[],
        $9::text[])
      on conflict do nothing`,
    columns: [
      (spent) => spent.key,
      (spent) => spent.epoch,
      (spent) => spent.attempt,
      (spent) => Math.round(spent.usage.inputTokens),
      (spent) => Math.round(spent.usage.outputTokens),
      (spent) => spent.usage.usd,
      (spent) => (spent.placed ? JSON.stringify(spent.placed) : null),
      (_, { plan }) => plan.decision.head.workflow.tenant,
    ],
  });
}

/** A send that is armed anew, after a retry has taken it back, may have other items. */
export function insertChunks(client: Client, rows: Tagged<Decision['chunks'][number]>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'insert-chunks',
    text: `insert into send_chunk (run_id, key, chunk, items)
      select * from unnest($1::uuid[], $2::text[], $3::int[], $4::json[])
      on conflict (run_id, key, chunk) do update set items = excluded.items`,
    columns: [(piece) => piece.key, (piece) => piece.chunk, (piece) => JSON.stringify(piece.items)],
  });
}
