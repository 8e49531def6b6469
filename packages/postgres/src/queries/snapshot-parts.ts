/** What the queries of a load have in common: whom they are for, and where their rows go. */
import type { Reads, RunSnapshot } from '@weft/engine/domain';

import { toTask } from '../rows.ts';
import type { TaskRow } from '../rows.ts';

export type LoadRequest = { runId: string; reads: Reads };

/** Everything of a snapshot but its head. */
export type SnapshotParts = Omit<RunSnapshot, 'head'>;

export type PartOf = (runId: string) => SnapshotParts;

type Pairs = { runIds: string[]; keys: string[] };

/** Runs and keys as the two columns of a question. */
export function pairs(requests: readonly LoadRequest[], keysOf: (reads: Reads) => Iterable<string>): Pairs {
  const result: Pairs = { runIds: [], keys: [] };
  for (const { runId, reads } of requests) {
    for (const key of keysOf(reads)) {
      result.runIds.push(runId);
      result.keys.push(key);
    }
  }
  return result;
}

/** Several epochs of one key can exist; the newest is the one that counts. */
export function addTask(part: SnapshotParts, row: TaskRow): void {
  const known = part.tasks.get(row.key);
  if (!known || known.epoch < row.epoch) part.tasks.set(row.key, toTask(row));
}
