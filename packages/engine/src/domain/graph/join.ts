/** How joins decide (rule B2). */
import type { Join } from '@weft/contract';

/** How an edge has ended (rule B1). */
export type EdgeEnd = 'taken' | 'notTaken' | 'failed';

export type JoinCounts = { ended: number; taken: number; failed: number };

export type Verdict = 'wait' | 'fire' | 'skip' | 'skipFailed';

/**
 * What becomes of a node after the given number of its edges have ended.
 *
 * `all` fires when every edge has ended, at least one was taken and none failed; `any` with the first taken edge;
 * `allDone` when every edge has ended and at least one was taken or failed. A node that cannot fire is skipped, and hands
 * on `failed` if one of its in-edges was.
 */
export function joinVerdict(join: Join, inDegree: number, { ended, taken, failed }: JoinCounts): Verdict {
  if (join === 'any' && taken > 0) return 'fire';
  if (ended < inDegree) return 'wait';
  if (join === 'all' && taken > 0 && failed === 0) return 'fire';
  if (join === 'allDone' && taken + failed > 0) return 'fire';
  return failed > 0 ? 'skipFailed' : 'skip';
}
