/** The journal, the state and the joins. */
import type { Client } from '../connection.ts';
import { json } from '../rows.ts';
import { sendRows } from './planned-run.ts';
import type { Decision, Tagged } from './planned-run.ts';

export function upsertJoins(client: Client, rows: Tagged<Decision['joins'][number]>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'upsert-joins',
    text: `insert into task_join (run_id, key, ended, taken, failed, fired)
      select * from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::boolean[])
      on conflict (run_id, key) do update
        set ended = excluded.ended, taken = excluded.taken, failed = excluded.failed, fired = excluded.fired`,
    columns: [
      (join) => join.key,
      (join) => join.ended,
      (join) => join.taken,
      (join) => join.failed,
      (join) => join.fired,
    ],
  });
}

export function insertSteps(client: Client, rows: Tagged<Decision['steps'][number]>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'insert-steps',
    text: `insert into step (run_id, step, parent, epoch, type, node, key, task_id, attempt, worker, at, facts)
      select u.run_id, u.step, u.parent, u.epoch, u.type, u.node, u.key, u.task_id, u.attempt, u.worker,
        to_timestamp(u.at / 1000), u.facts
      from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::int[],
        $10::text[], $11::float8[], $12::json[])
        as u (run_id, step, parent, epoch, type, node, key, task_id, attempt, worker, at, facts)`,
    columns: [
      (step) => step.step,
      (step) => step.parent,
      (step) => step.epoch,
      (step) => step.type,
      (step) => step.node,
      (step) => step.key,
      (step) => step.taskId,
      (step) => step.attempt,
      (step) => step.worker,
      (step) => step.at,
      (step) => json(step.facts),
    ],
  });
}

/** A compaction may meet the base that another settle has written for the same step: they say the same. */
export function insertWrites(client: Client, rows: Tagged<Decision['writes'][number]>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'insert-writes',
    text: `insert into channel_write (run_id, channel, step, kind, value)
      select * from unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::json[]) on conflict do nothing`,
    columns: [
      (write) => write.channel,
      (write) => write.step,
      (write) => write.kind,
      (write) => JSON.stringify(write.value),
    ],
  });
}
