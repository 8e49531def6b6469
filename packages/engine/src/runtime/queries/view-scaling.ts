/** The scaling decision as it is shown, with its history. */
import type { Scaling } from '@weft/contract';

import type { ScalingEventRecord } from '../../ports/index.ts';
import { judge } from '../scaling/judge.ts';
import { toInstant } from './instant.ts';
import type { QueryDeps } from './query-deps.ts';

type ScalingDeps = Pick<QueryDeps, 'mesh' | 'queue' | 'broker' | 'fleet'>;

const MOST_SHOWN = 100;

/** What was decided last; before the first decision, what would be decided now. */
export async function viewScaling(deps: ScalingDeps): Promise<Scaling> {
  const [events, record] = await Promise.all([deps.mesh.scalingEvents(MOST_SHOWN), deps.mesh.scaling()]);
  const { slaMs, now } = record;
  const decision = record.decision ?? (await judge(deps, { slaMs, lanes: null, before: null, now })).decision;
  return { ...decision, decidedAt: toInstant(record.decidedAt ?? now), scaleEvents: events.map(toEvent) };
}

function toEvent({ at, ...event }: ScalingEventRecord): Scaling['scaleEvents'][number] {
  return { at: toInstant(at), ...event };
}
