/** The frames of `GET /v1/ws`, JSON text both ways, told apart by `t`. */
import { z } from 'zod';
import { Event, EventId, EventMode } from './event.ts';
import { LaneStatus } from './lane.ts';
import { Run, RunStatus } from './run.ts';
import { Id, StepNumber } from './wire.ts';
import { Worker } from './worker.ts';

/** The subprotocol that a client must offer. */
export const WS_PROTOCOL = 'weft.v1';

/**
 * A browser cannot send `Authorization` with a WebSocket: it offers, beside `weft.v1`, a subprotocol of this prefix and the
 * token as base64url (RFC 4648, section 5, without padding). The server never repeats it.
 */
export const WS_TOKEN_PREFIX = 'weft.token.';

/** In the same way the operator names the tenant to act in, which a header (`Weft-Tenant`) says elsewhere. */
export const WS_TENANT_PREFIX = 'weft.tenant.';

/** Why the server closes a connection, beside the codes of RFC 6455. A client may come back after all but the first two. */
export const wsCloseCodes = {
  /** Too many frames that mean nothing. */
  badFrames: 4400,
  /** The key that the connection was opened with is not valid any more. */
  refused: 4401,
  /** The client has taken nothing for too long. */
  tooSlow: 4408,
  /** Too many frames in a short time. */
  tooMany: 4429,
} as const;

/** Chosen by the client; names one subscription of its connection and comes back with all that concerns it. */
export const SubscriptionId = z.union([z.string().min(1).max(64), z.int()]);
export type SubscriptionId = z.infer<typeof SubscriptionId>;

/** `run:ID` is the journal of a run; the others tell of many and begin with a snapshot. */
export const WsTopic = z
  .string()
  .max(100)
  .regex(/^(?:runs|lanes|workers|run:.+)$/, { error: 'must be runs, lanes, workers or run:ID' });
export type WsTopic = z.infer<typeof WsTopic>;

/** What a client sends. */
export const WsRequest = z
  .discriminatedUnion('t', [
    z.strictObject({
      t: z.literal('subscribe'),
      id: SubscriptionId,
      topic: WsTopic,
      /** For `run:ID`: the last step, or the id of the last event, that is known; 0 brings all. */
      after: z.union([StepNumber.max(Number.MAX_SAFE_INTEGER), EventId]).optional(),
      /** For `run:ID`: as in the query of the event stream. */
      modes: z.array(EventMode).min(1).max(EventMode.options.length).optional(),
    }),
    z.strictObject({ t: z.literal('unsubscribe'), id: SubscriptionId }),
    z.strictObject({ t: z.literal('ping'), id: SubscriptionId.optional() }),
  ])
  .meta({ id: 'WsRequest', description: 'A frame of a client' });
export type WsRequest = z.infer<typeof WsRequest>;

/** A run without what makes it large. */
export const RunSummary = Run.pick({
  id: true,
  workflow: true,
  status: true,
  error: true,
  tags: true,
  priority: true,
  step: true,
  createdAt: true,
  startedAt: true,
  endedAt: true,
}).meta({ id: 'RunSummary', description: 'A run without input, output and state' });
export type RunSummary = z.infer<typeof RunSummary>;

/**
 * An event of a topic. Those of `run:ID` are the events of the run. `runs` tells `run_advanced` and `run_ended` as they
 * happen, and, like `lanes` and `workers`, what its items have become: `run`, `lane` or `worker` with the item, and
 * `lane_gone` or `worker_gone` with what names it.
 */
export const WsEvent = Event.extend({ runId: Id.exactOptional(), step: StepNumber.exactOptional() }).meta({
  id: 'WsEvent',
  description: 'An event of a topic',
});
export type WsEvent = z.infer<typeof WsEvent>;

/** The beginning of a topic that is not a run: the newest 50 runs, all lanes, or the workers. */
export const WsSnapshot = z.object({ items: z.array(z.union([RunSummary, LaneStatus, Worker])) });
export type WsSnapshot = z.infer<typeof WsSnapshot>;

const place = { id: SubscriptionId, topic: WsTopic };

/** What the server sends. */
export const WsFrame = z
  .discriminatedUnion('t', [
    /**
     * What has happened since the batch before. Of `run:ID` all steps up to `lastStep`, and all that is live up to `lastId`,
     * were told; resume after `lastId`.
     */
    z.object({
      t: z.literal('batch'),
      ...place,
      events: z.array(WsEvent),
      lastStep: StepNumber.exactOptional(),
      lastId: EventId.exactOptional(),
    }),
    /** The present state, which replaces what was known. */
    z.object({ t: z.literal('snapshot'), ...place, data: WsSnapshot }),
    /** Something is missing: of `run:ID` live events behind `after`, never a step; of others changes, and a snapshot follows. */
    z.object({ t: z.literal('gap'), ...place, after: EventId.exactOptional() }),
    /** Nothing more comes for this id: the run has ended (`step`, `status`), or the client wished it so. */
    z.object({ t: z.literal('end'), ...place, step: StepNumber.exactOptional(), status: RunStatus.exactOptional() }),
    /** A request was refused, or a subscription (`id`) could not go on. */
    z.object({ t: z.literal('error'), id: SubscriptionId.exactOptional(), code: z.string(), message: z.string() }),
    z.object({ t: z.literal('pong'), id: SubscriptionId.exactOptional() }),
  ])
  .meta({ id: 'WsFrame', description: 'A frame of the server' });
export type WsFrame = z.infer<typeof WsFrame>;
