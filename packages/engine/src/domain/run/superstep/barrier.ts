/**
 * The end of a superstep: when nothing of it is left to do, all its updates are applied in one step, and what follows is
 * triggered on the new state (rule B9).
 */
import { rootOf } from '../../task-key.ts';
import { failRun } from '../end-run.ts';
import type { WorkingRun } from '../working-run.ts';
import { membersOf } from './members.ts';
import type { Member } from './members.ts';
import { placeOfRun } from './place.ts';
import { release, trigger } from './release.ts';
import { followMember, gotosOf, Triggers } from './trigger.ts';
import { applyUpdates, clashOf, updatesOf } from './updates.ts';

/** Goes on with a run in superstep mode of which nothing is left to do. Returns whether there was something to go on with. */
export function advance(run: WorkingRun): boolean {
  const { live, asking } = run.head;
  if (run.hasEnded || live + asking > 0) return false;
  const isUnderWay = placeOfRun(run).nodes.some((name) => run.node(name).type !== 'route');
  if (isUnderWay) return closeSuperstep(run);
  // What is triggered is armed in the step that has left nothing else to do.
  return run.steps.length > 0 && release(run);
}

/** What clashes leaves everything as it is, so that a retry of the run finds it again. */
function closeSuperstep(run: WorkingRun): boolean {
  const members = membersOf(run);
  const updates = updatesOf(run, members);
  const clash = clashOf(run, updates);
  if (clash) {
    failRun(run, clash);
    return false;
  }
  run.openStep('superstep');
  run.state.forgetEphemeral();
  applyUpdates(run, members, updates);
  noteLatest(run, members);
  const jumps = members.some(({ task, pushed }) => [task, ...pushed].some((each) => gotosOf(each).length > 0));
  run.note({ superstep: { nodes: [], ephemeral: null, ...(jumps && { jumped: true }) } });
  const triggers = new Triggers(run);
  for (const member of members) followMember(triggers, run, member);
  triggers.closeBarriers();
  trigger(run, triggers.names);
  return true;
}

/** Whoever reads these nodes from now on reads the iterations of this superstep. */
function noteLatest(run: WorkingRun, members: readonly Member[]): void {
  const later = members.flatMap(({ task: { node, key } }): [string, number][] => {
    const { iteration } = rootOf(key);
    return iteration > 0 && run.graph.readNodes.has(node) ? [[node, iteration]] : [];
  });
  if (later.length > 0) run.note({ jumps: { latest: Object.fromEntries(later) } });
}
