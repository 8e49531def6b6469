/** Which of the tasks that are held back go on, as far as places are free (rule A1). */
import type { Priority } from '../run/records.ts';

/** A ready task that waits in the store; `limitKey` null: it has no key. */
export type Candidate = {
  runId: string;
  key: string;
  taskEpoch: number;
  lane: string;
  priority: Priority;
  readyAt: number;
  limitKey: string | null;
  /** It has its place already, and takes none of what is left. */
  keepsPlace?: true;
};

/** How many may go on: of all, with one key, and on one list. They are asked once for each candidate, and may be infinite. */
export type Room = {
  all: number;
  ofKey: (key: string) => number;
  ofList: (candidate: Candidate) => number;
  /** Asked last, of one that has room everywhere else: takes a place that keys share. False: there is none. */
  take?: (candidate: Candidate) => boolean;
};

/** How much longer waiting outweighs one level of priority, as on lanes, ms. */
const AGEING_MS = 30_000;

/**
 * The most urgent first, by priority and age; what has no room is passed over, so that the key or the lane of one is in
 * nobody else's way.
 */
export function chooseTasks(candidates: readonly Candidate[], room: Room): Candidate[] {
  const taken = new Map<string, number>();
  const take = (name: string, most: number): boolean => (taken.get(name) ?? 0) < most;
  const chosen: Candidate[] = [];
  let taking = 0;
  for (const candidate of candidates.toSorted((a, b) => urgency(a) - urgency(b))) {
    const { keepsPlace = false } = candidate;
    if (!keepsPlace && taking >= room.all) continue;
    const places: [string, number][] = [[listOf(candidate), room.ofList(candidate)]];
    if (candidate.limitKey !== null && !keepsPlace)
      places.push([`key ${candidate.limitKey}`, room.ofKey(candidate.limitKey)]);
    if (!places.every(([name, most]) => take(name, most))) continue;
    if (!keepsPlace && room.take?.(candidate) === false) continue;
    taking += Number(!keepsPlace);
    for (const [name] of places) taken.set(name, (taken.get(name) ?? 0) + 1);
    chosen.push(candidate);
  }
  return chosen;
}

function urgency({ priority, readyAt }: Candidate): number {
  return priority * AGEING_MS + readyAt;
}

function listOf({ priority, lane }: Candidate): string {
  return `list ${priority} ${lane}`;
}
