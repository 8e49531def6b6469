import { z } from 'zod';
import { Instant } from './wire.ts';

export const FireKind = z
  .enum(['schedule', 'manual', 'backfill'])
  .meta({ id: 'FireKind', description: 'By the clock, by hand, or for an instant in the past' });
export type FireKind = z.infer<typeof FireKind>;

/** What a run was started by, where that was a schedule; also in its config as `trigger`. */
export const RunTrigger = z
  .object({ schedule: z.string(), scheduledFor: Instant, kind: FireKind })
  .meta({ id: 'RunTrigger', description: 'The schedule that has started the run, and for which instant' });
export type RunTrigger = z.infer<typeof RunTrigger>;
