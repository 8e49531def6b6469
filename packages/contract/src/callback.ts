/** Addresses that are told what becomes of runs. */
import { z } from 'zod';
import { Label } from './name.ts';
import { PageQuery, pageOf } from './page.ts';
import { Id, Instant } from './wire.ts';

export const CallbackEvent = z
  .enum(['run.succeeded', 'run.failed', 'run.cancelled', 'run.interrupted', 'task.failed'])
  .meta({
    id: 'CallbackEvent',
    description: 'What is told. `task.failed`: for good, so that it is a dead letter. Child runs are not told of',
  });
export type CallbackEvent = z.infer<typeof CallbackEvent>;

const Url = z
  .url({ protocol: /^https?$/, error: 'must be an absolute http or https URL' })
  .max(2000)
  .refine((text) => !/^[^/]*\/\/[^/?#]*@/.test(text), { error: 'no user or password in a URL' });

const Events = z
  .array(CallbackEvent)
  .min(1)
  .max(CallbackEvent.options.length)
  .meta({ description: 'Only these; all of them if it is left out' });

/** 24 to 64 bytes, as Standard Webhooks writes them; the text never stands in an error. */
export const CallbackSecret = z
  .string()
  .regex(/^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|)$/, {
    error: 'must be whsec_ and 24 to 64 bytes in base64',
  });

/** An address that is told about one run. */
export const Callback = z
  .strictObject({
    url: Url,
    events: Events.optional(),
    secret: CallbackSecret.optional().meta({
      description: 'What is sent is signed with it; without it, it is not signed',
    }),
  })
  .meta({ id: 'Callback', description: 'An address that is told about one run' });
export type Callback = z.infer<typeof Callback>;

const Description = z.string().min(1).max(200);

/** The body of `POST /v1/callbacks`. */
export const NewCallback = z
  .strictObject({
    url: Url,
    description: Description.optional(),
    events: Events.optional(),
    secret: CallbackSecret.optional().meta({ description: 'Made here if it is left out' }),
    active: z.boolean().optional().meta({ description: 'Whether it is told anything (true)' }),
  })
  .meta({ id: 'NewCallback', description: 'An address that is told about the runs of a tenant' });
export type NewCallback = z.infer<typeof NewCallback>;

/** The body of `PATCH /v1/callbacks/{id}`. */
export const UpdateCallback = z
  .strictObject({
    url: Url.optional(),
    description: Description.nullable().optional(),
    events: Events.nullable().optional().meta({ description: 'null: all of them' }),
    active: z.boolean().optional().meta({ description: 'true also ends that it was disabled, and its circuit' }),
  })
  .meta({ id: 'UpdateCallback', description: 'What is given takes the place of what was' });
export type UpdateCallback = z.infer<typeof UpdateCallback>;

const HOUR_MS = 3_600_000;

/** The body of `POST /v1/callbacks/{id}/rotate`, which may be left out. */
export const RotateSecret = z
  .strictObject({
    secret: CallbackSecret.optional().meta({ description: 'Made here if it is left out' }),
    keepOldMs: z
      .int()
      .min(0)
      .max(720 * HOUR_MS)
      .optional()
      .meta({ description: 'For so long the former secret signs as well, beside the new one (24 hours)' }),
  })
  .nullish()
  .meta({ id: 'RotateSecret', description: 'Which secret comes next' });
export type RotateSecret = z.infer<typeof RotateSecret>;

export const CallbackView = z
  .object({
    id: Id,
    runId: Id.nullable().meta({ description: 'The only run that it is told about; null: all of the tenant' }),
    url: z.string(),
    description: z.string().nullable(),
    events: z.array(CallbackEvent).nullable().meta({ description: 'null: all of them' }),
    active: z.boolean(),
    isSigned: z.boolean(),
    problem: z
      .string()
      .nullable()
      .meta({ description: 'Why it is disabled, or what its last delivery came to; null: nothing' }),
    circuit: z.enum(['closed', 'open']).meta({
      description: 'open: it has failed again and again; one delivery at a time finds out whether it is back',
    }),
    probeAt: Instant.nullable().meta({ description: 'When an open circuit is tried next' }),
    failures: z.int().min(0).meta({ description: 'In a row' }),
    pending: z.int().min(0).meta({ description: 'Deliveries that are still to be made, 10,000 at most' }),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'CallbackView', description: 'An address that is told about runs, and how it is' });
export type CallbackView = z.infer<typeof CallbackView>;

/** The answer of `POST /v1/callbacks` and `/rotate`. */
export const CallbackWithSecret = CallbackView.extend({
  secret: z.string().meta({ description: 'What deliveries are signed with; it is shown this once' }),
}).meta({ id: 'CallbackWithSecret' });
export type CallbackWithSecret = z.infer<typeof CallbackWithSecret>;

export const CallbackPage = pageOf(CallbackView).meta({ id: 'CallbackPage' });
export type CallbackPage = z.infer<typeof CallbackPage>;

/** The query of `GET /v1/callbacks`. */
export const CallbackQuery = PageQuery.extend({
  run: z.uuid().optional().meta({ description: 'Those of this run, instead of those of the tenant' }),
});
export type CallbackQuery = z.infer<typeof CallbackQuery>;

export const DeliveryStatus = z.enum(['pending', 'delivered', 'dead', 'dropped']).meta({
  id: 'DeliveryStatus',
  description: 'dead: given up after the last attempt, can be replayed; dropped: its callback was removed',
});
export type DeliveryStatus = z.infer<typeof DeliveryStatus>;

export const DeliveryAttempt = z
  .object({
    at: Instant,
    ms: z.number(),
    status: z.int().nullable().meta({ description: 'Of the answer; null: there was none' }),
    body: z.string().nullable().meta({ description: 'The first KiB of the answer' }),
    error: z.string().nullable(),
  })
  .meta({ id: 'DeliveryAttempt', description: 'One request to a callback, and what came of it' });
export type DeliveryAttempt = z.infer<typeof DeliveryAttempt>;

export const Delivery = z
  .object({
    id: Id.meta({ description: 'The webhook-id of all its requests' }),
    callbackId: Id,
    url: z.string().nullable().meta({ description: 'null: the callback is gone' }),
    runId: Id.nullable(),
    event: z.string(),
    status: DeliveryStatus,
    attempts: z.int().min(0),
    dueAt: Instant.nullable().meta({ description: 'Of the next attempt; null: there is none' }),
    why: z.string().meta({ description: 'Where it stands, and what has to happen next' }),
    log: z.array(DeliveryAttempt).meta({ description: 'The last of its attempts, oldest first' }),
    createdAt: Instant,
    endedAt: Instant.nullable(),
  })
  .meta({ id: 'Delivery', description: 'One event on its way to one callback' });
export type Delivery = z.infer<typeof Delivery>;

export const DeliveryPage = pageOf(Delivery).meta({ id: 'DeliveryPage' });
export type DeliveryPage = z.infer<typeof DeliveryPage>;

/** The query of `GET /v1/callbacks/deliveries`; `status=dead` is the list of dead letters. */
export const DeliveryQuery = PageQuery.extend({
  status: DeliveryStatus.optional(),
  callback: z.uuid().optional(),
  run: z.uuid().optional(),
  event: Label.optional(),
});
export type DeliveryQuery = z.infer<typeof DeliveryQuery>;

/** The body of `POST /v1/callbacks/{id}/replay`, which may be left out. */
export const ReplayDeliveries = z
  .strictObject({
    since: z.iso.datetime({ offset: true }).optional().meta({ description: 'Given up at this instant or later' }),
  })
  .nullish()
  .meta({ id: 'ReplayDeliveries', description: 'Which dead deliveries are made again; all if nothing is said' });
export type ReplayDeliveries = z.infer<typeof ReplayDeliveries>;

export const Replayed = z.object({ replayed: z.int().min(0) }).meta({ id: 'Replayed' });
export type Replayed = z.infer<typeof Replayed>;
