/** What a decision is shown of a run's rows: what it has asked for, and no more. */
import { emptyParts, mergeReads, noReads } from '@weft/engine/domain';
import type { Mail, Reads, RunSnapshot, TaskRecord } from '@weft/engine/domain';

import { branchPointOf } from './past-rows.ts';
import type { Rows } from './past-rows.ts';
import type { TaskRows } from './task-rows.ts';
import { frozen } from './values.ts';

/** The rows of a run, as far as decisions are shown them. */
type AllRows = Rows & {
  readonly taskRows: TaskRows;
  readonly body: NonNullable<RunSnapshot['body']>;
  readonly mail: readonly Mail[];
  channel(name: string): ReturnType<Rows['channel']>;
  keptNow(): (Mail & { topic: string })[];
  hasStep(step: number): boolean;
};

/** The rows that `reads` names, frozen; mail is always seen. */
export function loadRows(rows: AllRows, reads: Reads): RunSnapshot {
  const tasks = new Map<string, TaskRecord>();
  const inline = reads.inline ? rows.taskRows.inline() : [];
  for (const task of rows.taskRows.wanted(reads, inline)) tasks.set(task.key, frozen(rows.taskRows.read(task)));
  const joins = reads.everything
    ? Array.from(rows.joins.values())
    : Array.from(reads.joins).flatMap((key) => rows.joins.get(key) ?? []);
  const channels = Array.from(reads.channels, (name) => [name, rows.channel(name)] as const);
  const keptOf = (topic: string) => rows.keptNow().filter((mail) => mail.topic === topic);
  const branch = reads.branch === null || !rows.hasStep(reads.branch) ? null : branchPointOf(rows, reads.branch);
  return {
    ...emptyParts(mergedReads(reads)),
    head: frozen(rows.head),
    tasks,
    joins: new Map(joins.map((join) => [join.key, frozen(join)])),
    channels: new Map(channels.flatMap(([name, channel]) => (channel ? [[name, frozen(channel)] as const] : []))),
    body: reads.body ? rows.body : null,
    mail: frozen([...rows.mail]),
    kept: new Map(Array.from(reads.kept, (topic) => [topic, frozen(keptOf(topic))])),
    chunks: new Map(Array.from(reads.chunks, (name) => [name, rows.chunks.get(name) ?? []])),
    items: new Map(Array.from(reads.items, (key) => [key, frozen(rows.taskRows.itemsOf(key))])),
    branch,
    inline,
  };
}

/** Adds what a decision has asked for to what it has seen, as a store does within one transaction. */
export function mergeSnapshots(known: RunSnapshot, more: RunSnapshot): RunSnapshot {
  return {
    ...known,
    tasks: new Map([...known.tasks, ...more.tasks]),
    joins: new Map([...known.joins, ...more.joins]),
    channels: new Map([...known.channels, ...more.channels]),
    body: known.body ?? more.body,
    kept: new Map([...known.kept, ...more.kept]),
    chunks: new Map([...known.chunks, ...more.chunks]),
    items: new Map([...known.items, ...more.items]),
    branch: known.branch ?? more.branch,
    reads: mergedReads(known.reads, more.reads),
  };
}

function mergedReads(...parts: Reads[]): Reads {
  const all = noReads();
  for (const part of parts) mergeReads(all, part);
  return all;
}
