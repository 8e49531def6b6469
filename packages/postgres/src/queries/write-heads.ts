/** Runs themselves: the head that every settle rewrites, and how they end. */
import { TERMINAL_RUN } from '@weft/engine/domain';

import type { Client } from '../connection.ts';
import { json } from '../rows.ts';
import { sendRows } from './planned-run.ts';
import type { Decision, PlannedRun, Tagged } from './planned-run.ts';

/** Rewrites the heads of runs that took a step. */
export function sendHeads(client: Client, runs: readonly PlannedRun[]): Promise<unknown>[] {
  const moved = runs.filter(({ plan }) => plan.decision.steps.length > 0);
  if (moved.length === 0) return [];
  const heads = moved.map(({ plan }) => plan.decision.head);
  return [
    client.query({
      name: 'update-runs',
      text: `update run r set version = u.version, status = u.status, epoch = u.epoch, step = u.step, live = u.live, asking = u.asking,
          generations = u.generations, failed = u.failed, open_joins = u.open_joins,
          jumps = u.jumps, kept = u.kept,
          ended_at = case when u.ended then coalesce(r.ended_at, to_timestamp(u.now / 1000)) end
        from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
          $10::boolean[], $11::float8[], $12::json[], $13::int[], $14::int[])
          as u (id, status, epoch, step, live, asking, generations, failed, open_joins, ended, now, jumps, kept, version)
        where r.id = u.id`,
      values: [
        heads.map((head) => head.id),
        heads.map((head) => head.status),
        heads.map((head) => head.epoch),
        heads.map((head) => head.step),
        heads.map((head) => head.live),
        heads.map((head) => head.asking),
        heads.map((head) => head.generations),
        heads.map((head) => head.failed),
        heads.map((head) => head.openJoins),
        heads.map((head) => TERMINAL_RUN.has(head.status)),
        moved.map((run) => run.now),
        heads.map((head) => json(head.jumps)),
        heads.map((head) => head.kept),
        heads.map((head) => head.workflow.version),
      ],
    }),
  ];
}

/** A run that is reopened loses its error; one that has ended gets its error or its rendered output. */
export function updateBodies(client: Client, rows: Tagged<Decision>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'update-bodies',
    text: `update run_body b set error = u.error, output = u.output
      from unnest($1::uuid[], $2::json[], $3::json[]) as u (run_id, error, output) where b.run_id = u.run_id`,
    columns: [
      (decision) => json(decision.ending?.error),
      (decision) => (decision.ending?.output === undefined ? null : JSON.stringify(decision.ending.output)),
    ],
  });
}

/** Whether a decision changes the run's own error or output. */
export function isWorthWriting({ ending, head }: Decision): boolean {
  return ending !== null && (ending.error !== null || ending.output !== undefined || head.epoch > 0);
}
