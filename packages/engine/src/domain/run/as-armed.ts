import type { TaskRecord } from './records.ts';

/** In the order in which they were armed, whatever that of the rows is. */
export function asArmed(a: TaskRecord, b: TaskRecord): number {
  return a.readsAt - b.readsAt || (a.key < b.key ? -1 : 1);
}
