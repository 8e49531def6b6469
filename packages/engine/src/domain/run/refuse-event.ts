import type { RunEvent } from './run-event.ts';
import type { WorkingRun } from './working-run.ts';

/** A late event changes nothing but the usage account: tokens were spent, whatever becomes of the outcome (rule A5). */
export function refuseEvent(run: WorkingRun, event: RunEvent): false {
  if (event.type === 'outcome') run.spend({ ...event, epoch: event.taskEpoch }, event.outcome);
  return false;
}
