/** Rows as text keeps them. */
import type { Json } from '@weft/contract';
import type {
  ChannelWrite,
  Decision,
  JoinRecord,
  Mail,
  RunHead,
  RunSnapshot,
  StepRecord,
  TaskRecord,
  TimerRecord,
  UsageRecord,
} from '@weft/engine/domain';

import { RunRows } from './run-rows.ts';

/** All of a run's rows as plain JSON values. */
export type RowsDump = {
  head: RunHead;
  body: NonNullable<RunSnapshot['body']>;
  tasks: TaskRecord[];
  joins: JoinRecord[];
  steps: StepRecord[];
  writes: (ChannelWrite & { compacts: boolean })[];
  timers: TimerRecord[];
  usage: UsageRecord[];
  mail: Mail[];
  kept: (Mail & { topic: string })[];
  chunks: [string, Json[]][];
  ending: Decision['ending'];
  /** Epoch and key of the tasks that the run has gone on without; ids of kept mail that was dealt with. */
  superseded: string[];
  taken: string[];
};

/** Nothing but what a database would have kept. */
export function dumpRows(rows: RunRows): RowsDump {
  const { head, body, tasks, steps, mail, kept, ending } = rows;
  return {
    head,
    body,
    tasks,
    joins: Array.from(rows.joins.values()),
    steps,
    writes: rows.writes.map((write) => ({ ...write, compacts: rows.compactions.has(write) })),
    timers: Array.from(rows.timers.values()),
    usage: Array.from(rows.usage.values()),
    mail,
    kept,
    chunks: Array.from(rows.chunks),
    ending,
    superseded: Array.from(rows.superseded, ({ epoch, key }) => `${epoch} ${key}`),
    taken: Array.from(rows.taken),
  };
}

/** The rows that were dumped, in another process as it were. */
export function restoreRows(dump: RowsDump): RunRows {
  const rows = new RunRows(dump.head, dump.body);
  rows.tasks.push(...dump.tasks);
  const superseded = new Set(dump.superseded);
  for (const task of rows.tasks) if (superseded.has(`${task.epoch} ${task.key}`)) rows.superseded.add(task);
  rows.taskRows.indexAll();
  for (const id of dump.taken) rows.taken.add(id);
  for (const join of dump.joins) rows.joins.set(join.key, join);
  rows.steps.push(...dump.steps);
  for (const { compacts, ...write } of dump.writes) rows.addWrite(write, compacts);
  rows.putTimers(dump.timers);
  for (const spent of dump.usage) rows.putUsage(spent);
  rows.mail = dump.mail;
  rows.kept = dump.kept;
  for (const [name, items] of dump.chunks) rows.chunks.set(name, items);
  rows.ending = dump.ending;
  return rows;
}
