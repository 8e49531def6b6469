/** A run as of one of its steps, with all that a run must know that goes on from there (rules C3, C4). */
import type { Json } from '@weft/contract';
import { CHUNK_ITEMS, emptyFold, foldedTask, foldStep, partOfNext, pathOf, sendsAt } from '@weft/engine/domain';
import type { BranchPoint, FoldedRun, KeptMail, StepRange, TaskRecord } from '@weft/engine/domain';
import type { FoldPath } from '@weft/engine/ports';

import type { Ask } from '../connection.ts';
import { STORED_TASK_COLUMNS, toTask } from '../rows.ts';
import type { TaskRow } from '../rows.ts';
import { readChannelsAlong } from './read-channels.ts';
import { listBranches, listFacts, listMigrations, listSteps } from './read-steps.ts';

/**
 * The step exists, or one that belongs to it is taken. What led to it never changes, so nothing is locked; only the rows of
 * unfinished tasks may move on.
 */
export async function readBranchPoint(
  ask: Ask,
  runId: string,
  at: number,
  foldPath: FoldPath = (path) => foldFacts(ask, runId, path),
): Promise<BranchPoint> {
  const step = await completeStep(ask, runId, at);
  const path = pathOf(await listBranches(ask, runId, step), step);
  const fold = await foldPath(path);
  const [rows, channels, writtenLater, kept, items, migrations] = await Promise.all([
    unfinishedRows(ask, runId, fold),
    readChannelsAlong(ask, runId, path),
    channelsAfter(ask, runId, step),
    keptMail(ask, runId, fold),
    itemsToCome(ask, runId, fold),
    listMigrations(ask, runId),
  ]);
  const version = fold.progress.version ?? migrations[0]?.from ?? null;
  return { runId, step, version, fold, rows, channels, writtenLater, kept, items };
}

/** The last of the steps that belong together. */
async function completeStep(ask: Ask, runId: string, step: number): Promise<number> {
  const next = await listSteps(ask, runId, { afterStep: step, limit: 20 });
  let last = step;
  for (const record of next) {
    if (!partOfNext({ step: last }, record)) return last;
    last = record.step;
  }
  return next.length < 20 ? last : completeStep(ask, runId, last);
}

async function foldFacts(ask: Ask, runId: string, path: readonly StepRange[]): Promise<FoldedRun> {
  const parts = await Promise.all(path.map((range) => listFacts(ask, runId, range)));
  const fold = emptyFold();
  for (const step of parts.flat()) foldStep(fold, step);
  return fold;
}

/** Of the epoch in which each was armed. */
async function unfinishedRows(ask: Ask, runId: string, fold: FoldedRun): Promise<Map<string, TaskRecord>> {
  const wanted = Array.from(fold.progress.tasks)
    .filter(([, { status }]) => status !== 'succeeded' && status !== 'skipped')
    .map(([key]) => ({ key, epoch: foldedTask(fold, key)?.epoch ?? 0 }));
  if (wanted.length === 0) return new Map();
  const rows = await ask<TaskRow>({
    name: 'branch-tasks',
    text: `select ${STORED_TASK_COLUMNS} from unnest($2::text[], $3::int[]) as q (key, epoch)
      cross join lateral (select * from task where run_id = $1 and key = q.key and epoch = q.epoch offset 0) as t`,
    values: [runId, wanted.map(({ key }) => key), wanted.map(({ epoch }) => epoch)],
  });
  return new Map(rows.map((row) => [row.key, toTask(row)]));
}

async function channelsAfter(ask: Ask, runId: string, step: number): Promise<string[]> {
  const rows = await ask<{ channel: string }>({
    name: 'branch-channels',
    text: 'select distinct channel from channel_write where run_id = $1 and step > $2',
    values: [runId, step],
  });
  return rows.map(({ channel }) => channel);
}

async function keptMail(ask: Ask, runId: string, { kept }: FoldedRun): Promise<KeptMail[]> {
  if (kept.size === 0) return [];
  return ask<KeptMail>({
    name: 'branch-mail',
    text: 'select id, topic from inbox where run_id = $1 and id = any($2::uuid[]) and topic is not null order by id',
    values: [runId, Array.from(kept)],
  });
}

type ItemRow = { send: string; index: number; item: Json };

/** Those that were armed later stand in their rows, the others in the pieces that they wait in. */
async function itemsToCome(ask: Ask, runId: string, fold: FoldedRun): Promise<Map<string, Map<number, Json>>> {
  const sends = sendsAt(fold);
  if (sends.length === 0) return new Map();
  const rows = await ask<ItemRow>({
    name: 'branch-items',
    text: `select q.send, i.index, i.item from unnest($2::text[], $3::int[]) as q (send, taken)
      cross join lateral (
        select c.chunk * ${CHUNK_ITEMS} + (e.n - 1)::int as index, e.item from send_chunk c
          cross join lateral json_array_elements(c.items) with ordinality as e (item, n)
        where c.run_id = $1 and c.key = q.send and c.chunk >= q.taken / ${CHUNK_ITEMS}
        union all
        select t.item_index, t.item from task t
        where t.run_id = $1 and t.key >= q.send || '[' and t.key < q.send || '\\' and t.scope = q.send and t.item_index >= q.taken
      ) as i
      where i.index >= q.taken`,
    values: [runId, sends.map(({ key }) => key), sends.map(({ taken }) => taken)],
  });
  const items = new Map(sends.map(({ key }) => [key, new Map<number, Json>()]));
  for (const { send, index, item } of rows) items.get(send)?.set(index, item);
  return items;
}
