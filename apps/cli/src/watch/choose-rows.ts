import type { TaskStatus } from '@weft/contract';
import type { NodeRow } from './run-view.ts';

/** What is most worth a line when there are more nodes than lines. */
const WEIGHT: Readonly<Record<TaskStatus, number>> = {
  failed: 0,
  running: 1,
  waiting: 2,
  ready: 3,
  cancelled: 4,
  succeeded: 5,
  pending: 6,
  skipped: 7,
};

/** The rows for at most `maxLines` lines, in graph order; one line is left for the count of the hidden ones. */
export function chooseRows(rows: readonly NodeRow[], maxLines: number): { shown: NodeRow[]; hidden: NodeRow[] } {
  if (rows.length <= maxLines) return { shown: [...rows], hidden: [] };
  const ranked = rows.toSorted((a, b) => WEIGHT[a.status] - WEIGHT[b.status] || (b.endedAt ?? 0) - (a.endedAt ?? 0));
  const chosen = new Set(ranked.slice(0, Math.max(0, maxLines - 1)));
  return { shown: rows.filter((row) => chosen.has(row)), hidden: rows.filter((row) => !chosen.has(row)) };
}
