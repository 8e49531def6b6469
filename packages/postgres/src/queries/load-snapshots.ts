/** What a settle reads of its runs, under their locks; all queries of one call travel together. */
import { emptyParts } from '@weft/engine/domain';
import type { JoinRecord, RunHead, RunSnapshot } from '@weft/engine/domain';

import { askClient } from '../connection.ts';
import type { Client } from '../connection.ts';
import { NOW } from '../database-clock.ts';
import { HEAD_COLUMNS, TASK_COLUMNS, toHead } from '../rows.ts';
import type { HeadRow, TaskRow } from '../rows.ts';
import { loadChunks, loadItems, loadKept, loadMail, loadWaiting } from './load-waiting.ts';
import { addChannelRow } from './channel-rows.ts';
import type { ChannelRow } from './channel-rows.ts';
import { readBranchPoint } from './read-branch-point.ts';
import { addTask, pairs } from './snapshot-parts.ts';
import type { LoadRequest, PartOf, SnapshotParts } from './snapshot-parts.ts';

export type LockedRuns = { heads: Map<string, RunHead>; now: number };

const INLINE_WINDOW = 100;

/** Locks the runs in id order. Those that another transaction holds are left out, unless `wait`. */
export async function lockRuns(client: Client, runIds: readonly string[], wait: boolean): Promise<LockedRuns> {
  const { rows } = await client.query<HeadRow & { now: number }>({
    name: wait ? 'lock-runs-wait' : 'lock-runs',
    text: `with locked as materialized (
        select ${HEAD_COLUMNS} from run r
        where r.id = any($1::uuid[]) order by r.id for no key update ${wait ? '' : 'skip locked'}
      )
      select locked.*, ${NOW} as now from locked`,
    values: [runIds],
  });
  // Rows come as they are locked, so the last one tells the time at which all of them were.
  return { heads: new Map(rows.map((row) => [row.id, toHead(row)])), now: rows.at(-1)?.now ?? 0 };
}

/** Which of these runs exist at all, locked or not. */
export async function existingRuns(client: Client, runIds: readonly string[]): Promise<Set<string>> {
  const text = 'select id from run where id = any($1::uuid[])';
  const { rows } = await client.query<{ id: string }>({ name: 'existing-runs', text, values: [runIds] });
  return new Set(rows.map((row) => row.id));
}

export async function loadParts(client: Client, requests: readonly LoadRequest[]): Promise<Map<string, SnapshotParts>> {
  const parts = new Map(requests.map(({ runId, reads }) => [runId, emptyParts(reads)]));
  const part = (runId: string): SnapshotParts => {
    const found = parts.get(runId);
    if (!found) throw new Error(`run ${runId} was not asked for`);
    return found;
  };
  await Promise.all([
    loadTasks(client, requests, part),
    loadJoins(client, requests, part),
    loadChannels(client, requests, part),
    loadBodies(client, requests, part),
    loadMail(client, requests, part),
    loadInline(client, requests, part),
    loadWaiting(client, requests, part),
    loadKept(client, requests, part),
    loadChunks(client, requests, part),
    loadItems(client, requests, part),
    loadWhole(client, requests, part),
    loadBranches(client, requests, part),
  ]);
  return parts;
}

async function loadTasks(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  const { runIds, keys } = pairs(requests, (reads) => (reads.everything ? [] : reads.tasks));
  if (keys.length === 0) return;
  const { rows } = await client.query<TaskRow>({
    name: 'load-tasks',
    text: `select ${TASK_COLUMNS} from unnest($1::uuid[], $2::text[]) as q (run_id, key)
      join task t on t.run_id = q.run_id and t.key = q.key and not t.superseded`,
    values: [runIds, keys],
  });
  for (const row of rows) addTask(part(row.run_id), row);
}

async function loadJoins(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  const { runIds, keys } = pairs(requests, (reads) => (reads.everything ? [] : reads.joins));
  if (keys.length === 0) return;
  const { rows } = await client.query<JoinRecord & { run_id: string }>({
    name: 'load-joins',
    text: `select j.run_id, j.key, j.ended, j.taken, j.failed, j.fired from unnest($1::uuid[], $2::text[]) as q (run_id, key)
      join task_join j on j.run_id = q.run_id and j.key = q.key`,
    values: [runIds, keys],
  });
  for (const { run_id, ...join } of rows) part(run_id).joins.set(join.key, join);
}

async function loadChannels(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  const { runIds, keys } = pairs(requests, (reads) => reads.channels);
  if (keys.length === 0) return;
  const { rows } = await client.query<ChannelRow>({
    name: 'load-channels',
    text: `select w.run_id, w.channel, w.step, w.kind, w.value::text as value
      from unnest($1::uuid[], $2::text[]) as q (run_id, channel)
      cross join lateral (
        select * from channel_write n where n.run_id = q.run_id and n.channel = q.channel and n.step >= (
          select coalesce(max(b.step), -1) from channel_write b
          where b.run_id = q.run_id and b.channel = q.channel and b.kind = 'base'
        ) offset 0
      ) as w
      order by w.run_id, w.channel, w.step, w.kind`,
    values: [runIds, keys],
  });
  for (const row of rows) addChannelRow(part(row.run_id).channels, row);
}

async function loadBodies(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  const runIds = requests.filter(({ reads }) => reads.body).map(({ runId }) => runId);
  if (runIds.length === 0) return;
  const { rows } = await client.query<{ run_id: string } & NonNullable<RunSnapshot['body']>>({
    name: 'load-bodies',
    text: 'select run_id, input, config from run_body where run_id = any($1::uuid[])',
    values: [runIds],
  });
  for (const { run_id, input, config } of rows) part(run_id).body = { input, config };
}

async function loadInline(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  const runIds = requests.filter(({ reads }) => reads.inline).map(({ runId }) => runId);
  if (runIds.length === 0) return;
  const { rows } = await client.query<TaskRow>({
    name: 'load-inline',
    text: `select ${TASK_COLUMNS} from unnest($1::uuid[]) as q (run_id) cross join lateral (
        select i.* from task i where i.run_id = q.run_id and i.status = 'ready' and i.lane is null
        order by i.reads_at, i.key limit ${INLINE_WINDOW}
      ) as t`,
    values: [runIds],
  });
  for (const row of rows) {
    addTask(part(row.run_id), row);
    part(row.run_id).inline.push(row.key);
  }
}

async function loadBranches(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  for (const { runId, reads } of requests) {
    if (reads.branch === null) continue;
    const exists = await client.query({
      name: 'step-exists',
      text: 'select 1 from step where run_id = $1 and step = $2',
      values: [runId, reads.branch],
    });
    if (exists.rows.length > 0) part(runId).branch = await readBranchPoint(askClient(client), runId, reads.branch);
  }
}

async function loadWhole(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  const runIds = requests.filter(({ reads }) => reads.everything).map(({ runId }) => runId);
  if (runIds.length === 0) return;
  const [tasks, joins] = await Promise.all([
    client.query<TaskRow>({
      name: 'load-whole-tasks',
      text: `select ${TASK_COLUMNS} from task t where t.run_id = any($1::uuid[]) and not t.superseded`,
      values: [runIds],
    }),
    client.query<JoinRecord & { run_id: string }>({
      name: 'load-whole-joins',
      text: 'select run_id, key, ended, taken, failed, fired from task_join where run_id = any($1::uuid[])',
      values: [runIds],
    }),
  ]);
  for (const row of tasks.rows) addTask(part(row.run_id), row);
  for (const { run_id, ...join } of joins.rows) part(run_id).joins.set(join.key, join);
}
