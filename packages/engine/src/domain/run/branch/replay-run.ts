/** Replaying a run: it goes on from an earlier step, and what came after that is superseded (rule C3). */
import type { Json } from '@weft/contract';

import type { Graph } from '../../graph/graph.ts';
import { closeChildren } from '../children.ts';
import { toDecision } from '../decision.ts';
import { NeedsMore } from '../reads.ts';
import type { Decision, Mail, RunSnapshot } from '../records.ts';
import { TERMINAL_RUN } from '../status.ts';
import { WorkingRun } from '../working-run.ts';
import { refuseEvent } from '../refuse-event.ts';
import type { RunEvent } from '../run-event.ts';
import { branchOff } from './branch-off.ts';

/** The payload of mail of kind `replay`: what is applied to the state of the step, in order. */
export type ReplayRequest = { step: number; updates: [string, Json][] };

type Replay = {
  snapshot: RunSnapshot;
  mail: Mail;
  events: readonly RunEvent[];
  now: number;
  /** The versions of the workflow that are at hand, by number. */
  versions: ReadonlyMap<number, Graph> | undefined;
};

/**
 * Nothing else is decided with it: outcomes that come at the same time are those of the epoch that ends here, and other mail is
 * read by the next decision. A step that is not there, or at which the run had ended, changes nothing.
 */
export function replayRun(graph: Graph, { snapshot, mail, events, now, versions }: Replay): Decision {
  const { step, updates } = mail.payload as ReplayRequest;
  const { reads, branch, head } = snapshot;
  if (reads.branch === null) throw new NeedsMore({ branch: step, waiting: graph.hasChildren, body: true });
  const before = new WorkingRun(graph, snapshot, now);
  const applied = events.map((event) => event.type === 'advance' || refuseEvent(before, event));
  if (!branch || !snapshot.body || step > head.step || TERMINAL_RUN.has(branch.fold.progress.head.status)) {
    return { ...toDecision(before, applied), consumedMail: [mail.id], goesOn: true };
  }
  closeChildren(before);
  // It follows the version again that it followed at the step.
  const then = branch.version === null ? graph : (versions?.get(branch.version) ?? graph);
  const { run, decision } = branchOff(then, {
    type: 'replayed',
    point: branch,
    head: { ...head, ...branch.fold.progress.head, workflow: then.ref, epoch: head.epoch + 1, step: head.step },
    body: snapshot.body,
    now,
    updates,
    fresh: updates.length > 0,
  });
  run.note({ mail: mail.id });
  if (before.hasEnded) run.openStep('reopened');
  const { usage } = before;
  const sentMail = [...before.sentMail, ...decision.sentMail];
  return { ...decision, applied, usage, sentMail, consumedMail: [mail.id], ending: { error: null }, goesOn: true };
}
