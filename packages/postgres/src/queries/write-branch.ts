/** What a run goes on with that branches off: rows of its own past count again, or those of another run are copied. */
import { arrayText } from '../array-text.ts';
import type { Client } from '../connection.ts';
import type { PlannedRun } from './planned-run.ts';

type BranchingRun = { runId: string; epoch: number; branch: NonNullable<PlannedRun['plan']['decision']['branch']> };

/** Before anything else of the decision is written. */
export function sendBranches(client: Client, runs: readonly PlannedRun[]): Promise<unknown>[] {
  return runs.flatMap(({ runId, plan: { decision } }) => {
    const { branch, head } = decision;
    if (!branch) return [];
    const run = { runId, epoch: head.epoch, branch };
    return branch.from === runId ? goBack(client, run) : copyPast(client, run);
  });
}

/** Tasks that are superseded stay as they ended; those that were live are closed. */
function goBack(client: Client, { runId, branch }: BranchingRun): Promise<unknown>[] {
  const { finished, kept } = branch;
  return [
    client.query({
      name: 'branch-supersede',
      text: `update task t set superseded = not t.superseded,
          status = case when t.status in ('ready', 'running', 'waiting') then 'cancelled' else t.status end,
          settled_at = coalesce(t.settled_at, now()), waits = null, offered_at = null, deadline = null
        where t.run_id = $1
          and t.superseded = (((t.key, t.epoch) in (select * from unnest($2::text[], $3::int[]))) is true)`,
      values: [runId, arrayText(finished.map(({ key }) => key)), arrayText(finished.map(({ epoch }) => epoch))],
    }),
    client.query({ name: 'branch-joins', text: 'delete from task_join where run_id = $1', values: [runId] }),
    client.query({ name: 'branch-timers', text: 'delete from timer where run_id = $1', values: [runId] }),
    client.query({
      name: 'branch-take-mail',
      text: 'update inbox set taken = not (id = any($2::uuid[])) where run_id = $1 and topic is not null',
      values: [runId, kept],
    }),
  ];
}

/**
 * Hashed, and looked at in one way through the run: asked for the truth of it, the planner makes no join of this, which it
 * would nest for a run that it knows nothing of yet.
 */
const FINISHED = '(((key, epoch) in (select * from unnest($4::text[], $5::int[]))) is true)';

/** The same id as the engine's `taskId` gives (rule B6). */
const TASK_ID = `(replace(left($2::uuid::text, 13), '-', '') || encode(substr(set_byte(set_byte(t.name, 6, get_byte(t.name, 6) & 15 | 128),
  8, get_byte(t.name, 8) & 63 | 128), 7, 10), 'hex'))::uuid`;

/**
 * The rows become the fork's own, under the ids and the epoch of the fork, so that it can be read when the run that it was forked
 * from is gone. Where one is missing, or the run itself, the whole statement fails: that run was pruned meanwhile, and what was
 * read of it before may not have been all.
 */
function copyPast(client: Client, { runId, epoch, branch }: BranchingRun): Promise<unknown>[] {
  const { from, finished, kept } = branch;
  const keys = arrayText(finished.map(({ key }) => key));
  const epochs = arrayText(finished.map((task) => task.epoch));
  return [
    client.query({
      name: 'branch-copy-tasks',
      text: `with copied as (
          insert into task (run_id, key, epoch, id, tenant, node, status, attempt, failures, crashes, blamed, lane, priority,
            reads_at, ready_at, started_at, settled_at, settled_step, worker, captured, fate, output, error, item, scope,
            item_index, iterations, detail, letter, limit_key)
          select $2::uuid, t.key, $3::int, ${TASK_ID}, t.tenant, t.node, t.status, t.attempt, t.failures, t.crashes, t.blamed, t.lane,
            t.priority, t.reads_at, t.ready_at, t.started_at, t.settled_at, t.settled_step, t.worker, t.captured, t.fate,
            t.output, t.error, t.item, t.scope, t.item_index, t.iterations, t.detail, t.letter, t.limit_key
          from (
            select *, sha256(convert_to($2::uuid::text || E'\\n' || $3::int || E'\\n' || key, 'UTF8')) as name from task
            where run_id = $1 and ${FINISHED} offset 0
          ) as t
          returning 1
        )
        select 1 / (case when (select count(*) from copied) = $6::int and exists (select 1 from run where id = $1)
          then 1 else 0 end)`,
      values: [from, runId, epoch, keys, epochs, finished.length],
    }),
    client.query({
      name: 'branch-copy-usage',
      text: `insert into usage (run_id, key, epoch, attempt, input_tokens, output_tokens, usd, placed, tenant, at, inherited)
        select $2, key, $3, attempt, input_tokens, output_tokens, usd, placed, tenant, at, true from usage
        where run_id = $1 and ${FINISHED}`,
      values: [from, runId, epoch, keys, epochs],
    }),
    client.query({
      name: 'branch-copy-artifacts',
      text: `insert into artifact_ref (run_id, artifact, name, tenant, task_id, media_type, written)
        select $2, artifact, name, tenant, task_id, media_type, false from artifact_ref where run_id = $1
        on conflict do nothing`,
      values: [from, runId],
    }),
    client.query({
      name: 'branch-copy-mail',
      text: `insert into inbox (run_id, id, dedupe_key, kind, payload, topic)
        select $2, id, dedupe_key, kind, payload, topic from inbox where run_id = $1 and id = any($3::uuid[])`,
      values: [from, runId, kept],
    }),
  ];
}
