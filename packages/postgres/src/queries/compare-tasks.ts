/** Sums over the tasks of a run, and how the outputs of two runs compare: the rows themselves stay in the database. */
import type { Usage } from '@weft/contract';
import type { TaskStatus } from '@weft/engine/domain';
import type { OutputMatch, RunComparer, TaskTotals } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';

export function createRunComparer(pool: Pool): RunComparer {
  return {
    taskTotals: (runId) => taskTotals(pool, runId),
    outputMatches: (fromId, toId) => outputMatches(pool, fromId, toId),
  };
}

type TotalsRow = Omit<TaskTotals, 'usage' | 'keptUsage'> & {
  status: TaskStatus;
  spent: number[];
  kept_spent: number[];
};

/** The journal of a fork begins behind the steps of the tasks that it has taken over. */
async function taskTotals(pool: Pool, runId: string): Promise<TaskTotals[]> {
  const sums = (filter: string): string =>
    ['input_tokens', 'output_tokens', 'usd'].map((name) => `coalesce(sum(s.${name}) ${filter}, 0)::float8`).join(', ');
  const rows = await query<TotalsRow>(pool, {
    name: 'task-totals',
    text: `select t.node, t.status, count(*)::int as tasks, count(*) filter (where k.is_kept)::int as kept,
        sum(t.attempt)::int as attempts,
        coalesce(sum(greatest(0, extract(epoch from t.settled_at - t.started_at) * 1000)), 0)::float8 as ms,
        array[${sums('')}] as spent, array[${sums('filter (where k.is_kept)')}] as kept_spent
      from (select coalesce(min(step), 1) as first from step where run_id = $1) as j
      cross join task t
      cross join lateral (select t.settled_step < j.first as is_kept) as k
      cross join lateral (
        select sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens, sum(usd) as usd
        from usage u where u.run_id = t.run_id and u.key = t.key and u.epoch = t.epoch
      ) as s
      where t.run_id = $1 and not t.superseded
      group by t.node, t.status order by t.node, t.status`,
    values: [runId],
  });
  return rows.map(({ spent, kept_spent, ...row }) => ({
    ...row,
    usage: usageOf(spent),
    keptUsage: usageOf(kept_spent),
  }));
}

function usageOf([inputTokens = 0, outputTokens = 0, usd = 0]: readonly number[]): Usage {
  return { inputTokens, outputTokens, usd };
}

type MatchRow = Omit<OutputMatch, 'onlyFrom' | 'onlyTo' | 'first'> & {
  only_from: number;
  only_to: number;
  first: [key: string, fromStep: string, toStep: string] | null;
};

/** Equal as JSON values, whatever the order of keys. */
async function outputMatches(pool: Pool, fromId: string, toId: string): Promise<OutputMatch[]> {
  const side = (runId: string): string => `select distinct on (key) key, node, settled_step,
      md5(coalesce(output, 'null')::jsonb::text) as digest from task
    where run_id = ${runId} and not superseded and status = 'succeeded' and detail->>'kind' is distinct from 'items'
    order by key, epoch desc`;
  const rows = await query<MatchRow>(pool, {
    name: 'output-matches',
    text: `select node, count(*) filter (where a = b)::int as equal, count(*) filter (where a <> b)::int as different,
        count(*) filter (where b is null)::int as only_from, count(*) filter (where a is null)::int as only_to,
        min(array[key, a_step::text collate "C", b_step::text collate "C"]) filter (where a <> b) as first
      from (
        select node, key, max(digest) filter (where is_from) as a, max(digest) filter (where not is_from) as b,
          max(settled_step) filter (where is_from) as a_step, max(settled_step) filter (where not is_from) as b_step
        from (
          select true as is_from, f.* from (${side('$1')}) as f
          union all
          select false, t.* from (${side('$2')}) as t
        ) as both_sides group by node, key
      ) as pairs group by node order by node`,
    values: [fromId, toId],
  });
  return rows.map(({ only_from: onlyFrom, only_to: onlyTo, first, ...row }) => ({
    ...row,
    onlyFrom,
    onlyTo,
    first: first && { key: first[0], fromStep: Number(first[1]), toStep: Number(first[2]) },
  }));
}
