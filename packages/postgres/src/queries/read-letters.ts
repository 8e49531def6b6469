/** Dead letters. The rows of failed tasks are what tells of them; two partial indexes lead there. */
import type { TaskError } from '@weft/contract';
import { runTimeRange } from '@weft/engine/domain';
import type { RunStatus } from '@weft/engine/domain';
import type { LetterListing, LetterReader, LetterRecord } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';
import { TASK_COLUMNS, toTask } from '../rows.ts';
import type { TaskRow } from '../rows.ts';
import { isUuid } from './read-values.ts';

export function createLetterReader(pool: Pool): LetterReader {
  return {
    letters: (listing) => listLetters(pool, listing),
    letter: (tenant, taskId) => findLetter(pool, tenant, taskId),
  };
}

/** Attempts of one letter that are shown. */
const MAX_ATTEMPTS = 100;

type AttemptRow = { attempt: number; at: number; error: TaskError | null; crashes: number | null };

type LetterRow = TaskRow & {
  tenant: string;
  workflow: string;
  version: number;
  run_status: RunStatus;
  parent_run: string | null;
  parent_key: string | null;
  superseded: boolean;
  failed_at: string;
  attempts: AttemptRow[] | null;
};

const LETTER = `select ${TASK_COLUMNS}, t.tenant, t.superseded, t.settled_at::text as failed_at, r.workflow, r.version,
    r.status as run_status, r.parent_run, r.parent_key, f.attempts
  from task t
  cross join lateral (select * from run where id = t.run_id offset 0) as r
  cross join lateral (
    select json_agg(a order by a.step) as attempts from (
      select s.step, s.attempt, extract(epoch from s.at) * 1000 as at, s.facts->'tasks'->0->'error' as error,
        s.facts->'tasks'->0->'crashes' as crashes
      from step s where s.run_id = t.run_id and s.key = t.key and s.type in ('task_retried', 'task_failed') and s.task_id = t.id
      order by s.step desc limit ${MAX_ATTEMPTS}
    ) as a
  ) as f`;

/** As in the predicates of the indexes. */
const OPEN = `t.status = 'failed' and not t.superseded and (t.letter->'discarded') is null`;

/** A send tells of its items, and a subgraph of its child, as long as they are letters themselves. */
const TELLS_OF_ANOTHER = `(t.error->>'code' = 'item_failed' or (t.error->>'code' = 'child_failed' and exists (
    select 1 from task c where c.run_id = (t.detail->>'runId')::uuid
      and c.status = 'failed' and not c.superseded and (c.letter->'discarded') is null)))`;

async function listLetters(pool: Pool, listing: LetterListing): Promise<LetterRecord[]> {
  const { tenant, after, limit, run, since, until } = listing;
  if ((run !== undefined && !isUuid(run)) || (after && !isUuid(after.id))) return [];
  // Written out as asked for, so that the planner sees which index serves.
  const values: unknown[] = [tenant, limit];
  const given = (value: unknown, condition: (place: string) => string): string => {
    if (value === undefined || value === null) return '';
    values.push(value);
    return ` and ${condition(`$${values.length}`)}`;
  };
  const filters = [
    given(run, (at) => `t.run_id = ${at}`),
    given(listing.node, (at) => `t.node = ${at}`),
    given(listing.lane, (at) => `t.lane = ${at}`),
    given(listing.code, (at) => `t.error->>'code' = ${at}`),
    given(listing.workflow, (at) => `r.workflow = ${at}`),
    given(since, (at) => `t.settled_at >= to_timestamp(${at}::float8 / 1000)`),
    given(until, (at) => `t.settled_at < to_timestamp(${at}::float8 / 1000)`),
    after ? given(after.at, (at) => `(t.settled_at, t.id) < (${at}::timestamptz, '${after.id}'::uuid)`) : '',
  ];
  const text = `${LETTER} where t.tenant = $1 and ${OPEN} and r.status <> 'cancelled' and (${TELLS_OF_ANOTHER}) is not true
    ${filters.join('')} order by t.settled_at desc, t.id desc limit $2`;
  const rows = await query<LetterRow>(pool, { text, values });
  return rows.map(toLetter);
}

async function findLetter(pool: Pool, tenant: string, id: string): Promise<LetterRecord | null> {
  if (!isUuid(id)) return null;
  const { from, to } = runTimeRange(id);
  const [row] = await query<LetterRow>(pool, {
    name: 'find-letter',
    text: `${LETTER} where t.run_id between $1 and $2 and t.id = $3 and t.tenant = $4 and (t.status = 'failed' or t.letter is not null
      or exists (select 1 from step s where s.run_id = t.run_id and s.key = t.key and s.type = 'task_failed' and s.task_id = t.id))`,
    values: [from, to, id, tenant],
  });
  return row ? toLetter(row) : null;
}

function toLetter(row: LetterRow): LetterRecord {
  const { tenant, workflow: name, version, run_status: runStatus, parent_run, parent_key, superseded } = row;
  const parent = parent_run === null || parent_key === null ? null : { runId: parent_run, key: parent_key };
  return {
    ...toTask(row),
    runId: row.run_id,
    workflow: { tenant, name, version },
    runStatus,
    parent,
    superseded,
    attempts: attemptsOf(row),
    place: { at: row.failed_at, id: row.id },
  };
}

/** What was only handed back is no failure. Of a fork the journal begins later: then its row says what it failed with. */
function attemptsOf({ attempts, attempt, error, settled_at }: LetterRow): LetterRecord['attempts'] {
  let lost = 0;
  const told = (attempts ?? []).flatMap(({ crashes, ...one }) => {
    const isLost = crashes !== null && crashes > lost;
    lost = crashes ?? lost;
    return one.error || isLost ? [{ attempt: one.attempt, at: Math.round(one.at), error: one.error }] : [];
  });
  return told.length > 0 || !error || settled_at === null ? told : [{ attempt, at: settled_at, error }];
}
