/** Forking a run: another run begins as this one was after one of its steps (rule C4). */
import type { Json } from '@weft/contract';

import type { Graph } from '../../graph/graph.ts';
import type { Decision, RunHead, RunSnapshot } from '../records.ts';
import { branchOff } from './branch-off.ts';
import type { BranchPoint } from '../records.ts';

export type Fork = {
  point: BranchPoint;
  /** Id, workflow and priority are those of the new run; the rest is that of the checkpoint. */
  identity: Pick<RunHead, 'id' | 'workflow' | 'priority' | 'payer'>;
  body: NonNullable<RunSnapshot['body']>;
  now: number;
  updates: readonly (readonly [string, Json])[];
  /** Whether the new run differs from the old one in anything that its tasks read. */
  differs: boolean;
};

/**
 * The first decision of the new run. Its journal begins with the number after the step that it was forked at, so what tasks
 * have read, and when, holds in both.
 */
export function forkRun(graph: Graph, { point, identity, body, now, updates, differs }: Fork): Decision {
  const { head } = point.fold.progress;
  const { id, workflow, priority, payer } = identity;
  const { decision } = branchOff(graph, {
    type: 'forked',
    point,
    head: { ...head, id, workflow, priority, payer, epoch: head.epoch + 1, step: point.step, parent: null },
    body,
    now,
    updates,
    fresh: differs,
  });
  return { ...decision, goesOn: decision.sentMail.length > 0 };
}
