/** How far the barriers of `needs` have come: rows among the joins, only for those that are left half full (rule B9). */
import { noReads } from '../reads.ts';
import type { WorkingRun } from '../working-run.ts';
import { nextIteration } from './place.ts';

/** The rows of a barrier: how many of its needs have fired, and whether this one has. */
export function barrierKeys(run: WorkingRun, target: string, source: string): string[] {
  if (!run.graph.superstep?.barriers.get(target)?.has(source)) return [];
  const key = barrierKey(run, target);
  return [key, `${key}<${source}`];
}

/** It is named by the activation of its target that comes next. */
function barrierKey(run: WorkingRun, target: string): string {
  return `${target}#${nextIteration(run, target)}`;
}

/** Whether the barrier is full; what has fired is noted only as long as it is not. */
export function fillBarrier(run: WorkingRun, target: string, fired: ReadonlySet<string>): boolean {
  const needs = run.graph.superstep?.barriers.get(target)?.size ?? 0;
  const key = barrierKey(run, target);
  run.expect({ ...noReads(), joins: new Set([key, ...Array.from(fired, (source) => `${key}<${source}`)]) });
  const count = run.join(key);
  if (!count && fired.size === needs) return true;
  const fresh = Array.from(fired).filter((source) => !run.join(`${key}<${source}`));
  const ended = (count?.ended ?? 0) + fresh.length;
  if (ended === needs) return true;
  const one = { ended: 1, taken: 1, failed: 0, fired: true };
  for (const source of fresh) run.setJoin({ key: `${key}<${source}`, ...one });
  run.setJoin({ key, ended, taken: ended, failed: 0, fired: false });
  return false;
}

/** A barrier whose node is about to run begins anew. */
export function emptyBarrier(run: WorkingRun, target: string): void {
  const key = barrierKey(run, target);
  run.expect({ ...noReads(), joins: new Set([key]) });
  const count = run.join(key);
  if (count && !count.fired) run.setJoin({ ...count, fired: true });
}
