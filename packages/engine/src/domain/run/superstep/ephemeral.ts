/** Ephemeral updates live for one superstep; those who are armed late in it see them, too (rule C2). */
import type { JsonObject } from '@weft/contract';

import type { WorkingRun } from '../working-run.ts';
import { placeOfRun } from './place.ts';

/** Keeps them in the last step of a decision that leaves nodes triggered and not armed. */
export function keepEphemeral(run: WorkingRun): void {
  const { held, ephemeral } = placeOfRun(run);
  if (run.hasEnded || held.length === 0 || ephemeral || run.steps.length === 0) return;
  const values: JsonObject | null = run.state.ephemeralValues();
  if (values) run.note({ superstep: { ephemeral: values } });
}
