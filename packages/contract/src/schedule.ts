import { z } from 'zod';
import { JsonRecord, JsonValue } from './json.ts';
import { Tags, WorkflowName } from './name.ts';
import { pageOf, PageQuery } from './page.ts';
import { Budget, Priority } from './policy.ts';
import { RunStatus } from './run.ts';
import { FireKind } from './run-trigger.ts';
import { Id, Instant, WorkflowVersion } from './wire.ts';

/** A schedule's name; unique within its tenant. */
export const ScheduleName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/, {
    error: "a schedule's name has 1 to 100 of a-z A-Z 0-9 . _ - and begins with a letter or digit",
  })
  .meta({ id: 'ScheduleName', description: "A schedule's name, unique within its tenant" });
export type ScheduleName = z.infer<typeof ScheduleName>;

const YEAR_MS = 366 * 24 * 3_600_000;
const LongMs = z.int().min(0).max(YEAR_MS);

/** When a schedule fires. Exactly one of `cron`, `everyMs` and `at`. */
export const ScheduleSpec = z
  .strictObject({
    cron: z.string().min(1).max(200).optional().meta({
      description:
        'Five fields (minute hour day month weekday), six (seconds first) or seven (years last), with names, L, W and #; or @hourly and its like',
    }),
    timeZone: z.string().min(1).max(100).optional().meta({ description: 'An IANA name; of a cron only (UTC)' }),
    everyMs: z.int().min(1000).max(YEAR_MS).optional().meta({ description: 'Every so many ms, counted from 1970' }),
    offsetMs: LongMs.optional().meta({ description: 'So much later than the multiples of everyMs (0)' }),
    at: Instant.optional().meta({ description: 'Once' }),
    startAt: Instant.optional().meta({ description: 'Not before this instant' }),
    endAt: Instant.optional().meta({ description: 'Not after this instant' }),
    maxRuns: z.int().min(1).max(1_000_000).optional().meta({ description: 'It ends after so many runs' }),
    jitterMs: z
      .int()
      .min(0)
      .max(24 * 3_600_000)
      .optional()
      .meta({
        description: 'Each firing is put off by up to so much, always the same for one instant (0)',
      }),
  })
  .meta({ id: 'ScheduleSpec', description: 'When a schedule fires: by exactly one of cron, everyMs and at' });
export type ScheduleSpec = z.infer<typeof ScheduleSpec>;

/** What becomes of a firing while an earlier run of the schedule has not ended. */
export const OverlapPolicy = z
  .enum(['skip', 'bufferOne', 'bufferAll', 'cancelOther', 'terminateOther', 'allowAll'])
  .meta({
    id: 'OverlapPolicy',
    description:
      'While an earlier run has not ended. skip: the firing is left out; bufferOne: one waits; bufferAll: all wait; cancelOther: the earlier one is cancelled, and this one starts once it has ended; terminateOther: the same, without waiting; allowAll: they run side by side',
  });
export type OverlapPolicy = z.infer<typeof OverlapPolicy>;

const fields = {
  description: z.string().max(2000).optional(),
  spec: ScheduleSpec,
  workflow: z
    .union([WorkflowName, WorkflowVersion])
    .meta({ description: 'A name (the latest version at each firing), or a version' }),
  input: JsonValue.optional().meta({ description: 'A template that sees `config` only; without it: {}' }),
  config: JsonRecord.optional().meta({ description: 'The key `trigger` is added to it' }),
  priority: Priority.optional(),
  tags: Tags.optional().meta({ description: 'Beside them each run has the tag `schedule:NAME`' }),
  budget: Budget.optional(),
  overlap: OverlapPolicy.optional().meta({ description: 'skip, unless it says so' }),
  catchUpMs: LongMs.optional().meta({
    description: 'A firing that could not be started for longer is missed (3600000)',
  }),
  pauseAfterFailures: z.int().min(1).max(1000).optional().meta({
    description: 'It pauses after so many failures in a row; without it, never',
  }),
};

/** The body of `PUT /v1/schedules/{name}`. */
export const ReplaceSchedule = z.strictObject(fields).meta({
  id: 'ReplaceSchedule',
  description: 'The schedule as it shall be; what is left out is not set any more',
});
export type ReplaceSchedule = z.infer<typeof ReplaceSchedule>;

const Note = z.string().min(1).max(1000);

/** The body of `POST /v1/schedules`. */
export const NewSchedule = z
  .strictObject({
    name: ScheduleName,
    ...fields,
    paused: z.boolean().optional().meta({ description: 'It begins paused (false)' }),
    note: Note.optional().meta({ description: 'Why it is paused' }),
  })
  .meta({ id: 'NewSchedule', description: 'Runs of a workflow by the clock' });
export type NewSchedule = z.infer<typeof NewSchedule>;

/** Active, paused by hand or after failures, or over: it will never fire again by itself. */
export const ScheduleState = z.enum(['active', 'paused', 'ended']).meta({
  id: 'ScheduleState',
  description: 'ended: it has no more instants; it can still be run by hand',
});
export type ScheduleState = z.infer<typeof ScheduleState>;

export const FireOutcome = z.enum(['waiting', 'started', 'skipped', 'missed', 'failed']).meta({
  id: 'FireOutcome',
  description:
    'waiting: it will be started; skipped: by the overlap policy, or because it was paused; missed: too late; failed: it could not be started',
});
export type FireOutcome = z.infer<typeof FireOutcome>;

/** What became of one instant of a schedule. */
export const ScheduleFire = z
  .object({
    scheduledFor: Instant,
    kind: FireKind,
    outcome: FireOutcome,
    reason: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .meta({ description: 'Why, unless it was started' }),
    runId: Id.nullable(),
    runStatus: RunStatus.nullable().meta({ description: 'As of the last look at it' }),
    missed: z.object({ count: z.int(), from: Instant }).exactOptional().meta({
      description: 'Of instants that were missed together: how many, and the first; scheduledFor is the last',
    }),
    at: Instant.meta({ description: 'When it became this' }),
  })
  .meta({ id: 'ScheduleFire', description: 'What became of one instant of a schedule' });
export type ScheduleFire = z.infer<typeof ScheduleFire>;

export const ScheduleFirePage = pageOf(ScheduleFire).meta({ id: 'ScheduleFirePage' });
export type ScheduleFirePage = z.infer<typeof ScheduleFirePage>;

export const Schedule = z
  .object({
    name: ScheduleName,
    ...fields,
    input: JsonValue,
    tags: Tags,
    overlap: OverlapPolicy,
    catchUpMs: z.int(),
    state: ScheduleState,
    note: z.string().nullable().meta({ description: 'Why it is paused, or was resumed' }),
    nextAt: Instant.nullable().meta({ description: 'The next instant; null where there is none, or it is paused' }),
    lastFire: ScheduleFire.nullable(),
    waiting: z.int().meta({ description: 'Firings that wait to be started' }),
    running: z.int().meta({ description: 'Runs that had not ended at the last look' }),
    failures: z.int().meta({ description: 'In a row, up to now' }),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'Schedule', description: 'Runs of a workflow by the clock' });
export type Schedule = z.infer<typeof Schedule>;

export const SchedulePage = pageOf(Schedule).meta({ id: 'SchedulePage' });
export type SchedulePage = z.infer<typeof SchedulePage>;

/** The query of `GET /v1/schedules`. */
export const ListSchedulesQuery = PageQuery.extend({
  state: ScheduleState.optional(),
  workflow: WorkflowName.optional(),
});
export type ListSchedulesQuery = z.infer<typeof ListSchedulesQuery>;

/** The query of `GET /v1/schedules/{name}/fires`. */
export const ListFiresQuery = PageQuery.extend({ outcome: FireOutcome.optional() });
export type ListFiresQuery = z.infer<typeof ListFiresQuery>;

/** The body of `POST /v1/schedules/{name}/pause` and `/resume`. */
export const ScheduleNote = z
  .strictObject({ note: Note.optional() })
  .nullish()
  .meta({ id: 'ScheduleNote', description: 'Why' });
export type ScheduleNote = z.infer<typeof ScheduleNote>;

/** The body of `POST /v1/schedules/{name}/run`. */
export const RunSchedule = z
  .strictObject({ overlap: OverlapPolicy.optional() })
  .nullish()
  .meta({ id: 'RunSchedule', description: 'allowAll, unless it says so' });
export type RunSchedule = z.infer<typeof RunSchedule>;

/** How many instants one backfill may take. */
export const MAX_BACKFILL = 1000;

/** The body of `POST /v1/schedules/{name}/backfill`. */
export const BackfillSchedule = z
  .strictObject({
    from: Instant,
    to: Instant.meta({ description: 'Both are included; at most 1,000 instants lie between them' }),
    overlap: OverlapPolicy.optional().meta({ description: 'bufferAll, unless it says so: one after the other' }),
  })
  .meta({ id: 'BackfillSchedule', description: 'Instants to make up for' });
export type BackfillSchedule = z.infer<typeof BackfillSchedule>;

/** `started`: those that are started already, or wait; they are left alone. */
export const Backfilled = z.object({ added: z.int(), started: z.int() }).meta({
  id: 'Backfilled',
  description: 'How many firings wait now, and how many had been started before or waited already',
});
export type Backfilled = z.infer<typeof Backfilled>;

const Count = z.coerce.number().int().min(1).max(100).default(10);

/** The query of `GET /v1/schedules/{name}/next`. */
export const NextInstantsQuery = z.strictObject({ count: Count, after: Instant.optional() });
export type NextInstantsQuery = z.infer<typeof NextInstantsQuery>;

/** The body of `POST /v1/schedules/preview`. */
export const PreviewSchedule = z
  .strictObject({ spec: ScheduleSpec, count: z.int().min(1).max(100).optional(), after: Instant.optional() })
  .meta({
    id: 'PreviewSchedule',
    description: 'A spec that need not be saved; ten instants from now on, unless it says so',
  });
export type PreviewSchedule = z.infer<typeof PreviewSchedule>;

export const NextInstants = z
  .object({
    items: z.array(
      z.object({ scheduledFor: Instant, local: z.string().meta({ description: 'By the clock of its time zone' }) }),
    ),
  })
  .meta({ id: 'NextInstants', description: 'Fewer than asked for where there are no more' });
export type NextInstants = z.infer<typeof NextInstants>;
