/** A schedule and its fires as they are kept. Instants are epoch ms. */
import type {
  FireKind,
  FireOutcome,
  JsonObject,
  Json,
  OverlapPolicy,
  ScheduleSpec,
  ScheduleState,
} from '@weft/contract';
import type { Budget, Priority } from '@weft/contract';

import type { RunStatus } from '../run/records.ts';

/** What a schedule is by the will of whoever set it. */
export type ScheduleDefinition = {
  description: string | null;
  spec: ScheduleSpec;
  /** `version` null: the latest at each firing. */
  workflow: { name: string; version: number | null };
  input: Json;
  config: JsonObject;
  priority: Priority | null;
  tags: string[];
  budget: Budget | null;
  overlap: OverlapPolicy;
  catchUpMs: number;
  pauseAfterFailures: number | null;
  /** The id of the API key that it was set with. */
  key: string | null;
};

export type ScheduleRecord = {
  id: string;
  tenant: string;
  name: string;
  definition: ScheduleDefinition;
  state: ScheduleState;
  note: string | null;
  /** The next instant that has not been seen to; null where there is none, or it is paused. */
  nextAt: number | null;
  /** The last instant that was seen to: none before it is, whatever the clock says. */
  takenAt: number | null;
  /** When it is looked at next; null: never. */
  wakeAt: number | null;
  /** Failures in a row. */
  failures: number;
  createdAt: number;
  updatedAt: number;
};

export type FireReason = { code: string; message: string };

/** One instant of a schedule. */
export type FireRecord = {
  instant: number;
  kind: FireKind;
  outcome: FireOutcome;
  /** Another policy than the schedule's. */
  overlap: OverlapPolicy | null;
  reason: FireReason | null;
  /** Started later than this it is missed; null: never. */
  deadline: number | null;
  /** Not tried before this instant. */
  notBefore: number | null;
  /** Of several that were missed together: how many, and the first; `instant` is the last. */
  missed: { count: number; from: number } | null;
  runId: string | null;
  runStatus: RunStatus | null;
  /** Its run has ended, or there will be none. */
  isClosed: boolean;
};

export const REASONS = {
  overlap: { code: 'overlap', message: 'an earlier run of the schedule had not ended' },
  bufferFull: { code: 'buffer_full', message: 'too many firings of the schedule waited already' },
  replaced: { code: 'replaced', message: 'a later firing of the schedule has taken its place' },
  paused: { code: 'paused', message: 'the schedule was paused before it was started' },
  late: { code: 'late', message: 'it was later than the catch-up window of the schedule' },
} as const satisfies Record<string, FireReason>;

export function freshFire(fire: Pick<FireRecord, 'instant' | 'kind'> & Partial<FireRecord>): FireRecord {
  return {
    outcome: 'waiting',
    overlap: null,
    reason: null,
    deadline: null,
    notBefore: null,
    missed: null,
    runId: null,
    runStatus: null,
    isClosed: false,
    ...fire,
  };
}
