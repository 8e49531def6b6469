import type { CallbackEvent, DeliveryAttempt, DeliveryStatus, Json } from '@weft/contract';

/** An address that is told about the runs of a tenant, or about one run. Instants are epoch ms of the store. */
export type CallbackRecord = {
  id: string;
  tenant: string;
  /** The only run that it is told about; null: all of the tenant. */
  runId: string | null;
  url: string;
  description: string | null;
  /** Null: all of them. */
  events: readonly CallbackEvent[] | null;
  isActive: boolean;
  isSigned: boolean;
  /** In a row. */
  failures: number;
  /** Its circuit is open, and one delivery is tried then; null: it is closed. */
  openUntil: number | null;
  problem: string | null;
  /** Deliveries that are still to be made, 10,000 at most. */
  pending: number;
  createdAt: number;
  updatedAt: number;
};

export type NewCallbackRecord = Pick<CallbackRecord, 'id' | 'url' | 'events'> & {
  /** In clear text; null: what it is told is not signed. */
  secret: string | null;
};

/** What of a callback changes; what is left out stays. */
export type CallbackChange = Partial<Pick<CallbackRecord, 'url' | 'description' | 'events' | 'isActive'>>;

/** The callbacks of all tenants. A secret is encrypted; without a key for that, AppError `no_encryption_key` is thrown. */
export type CallbackStore = {
  /** Whether secrets can be encrypted here. */
  readonly canSeal: boolean;
  /** Newest first: those of the tenant, or of one of its runs. */
  list(
    tenant: string,
    page: { runId: string | null; limit: number; beforeId: string | null },
  ): Promise<CallbackRecord[]>;
  get(tenant: string, id: string): Promise<CallbackRecord | null>;
  add(record: NewCallbackRecord & Pick<CallbackRecord, 'tenant' | 'description' | 'isActive'>): Promise<CallbackRecord>;
  /** To activate it closes its circuit, too. Null if there is none. */
  change(tenant: string, id: string, change: CallbackChange): Promise<CallbackRecord | null>;
  /** Puts another secret in its place; for so long the former one signs as well. Null if there is none. */
  rotate(tenant: string, id: string, secret: string, keepOldMs: number): Promise<CallbackRecord | null>;
  /** Takes it away; what was still to be delivered is dropped. */
  remove(tenant: string, id: string): Promise<boolean>;
  /** Encrypts with the present key what another one at hand has encrypted. Gives how many secrets. */
  reseal(): Promise<number>;
};

export type DeliveryRecord = {
  id: string;
  callbackId: string;
  /** Null: the callback is gone. */
  callback: Pick<CallbackRecord, 'url' | 'isActive' | 'openUntil' | 'problem'> | null;
  tenant: string;
  runId: string | null;
  event: string;
  status: DeliveryStatus;
  attempts: number;
  dueAt: number;
  log: readonly DeliveryAttempt[];
  createdAt: number;
  endedAt: number | null;
  /** By the store's clock. */
  now: number;
};

export type DeliveryFilter = {
  status?: DeliveryStatus | undefined;
  callback?: string | undefined;
  run?: string | undefined;
  event?: string | undefined;
};

/** A delivery that one process has taken, with all that its request needs. */
export type TakenDelivery = {
  id: string;
  callbackId: string;
  url: string;
  payload: Json;
  /** In clear text, the present one first; empty: it is not signed; null: there are some, and no key to read them with. */
  secrets: readonly string[] | null;
  /** How many attempts there were before. */
  attempts: number;
  /** Epoch seconds of the store. */
  timestamp: number;
};

/** What became of an attempt. */
export type DeliveryEnd = {
  attempt: DeliveryAttempt;
  /** `retry`: again, in so long. `dead`: given up. `disable`: the receiver wants no more of anything. */
  next: { kind: 'delivered' | 'dead' | 'disable' } | { kind: 'retry'; inMs: number };
  /** So many failures in a row open the circuit of the callback, for so long, and twice as long with each probe that fails. */
  circuit: { opensAfter: number; firstMs: number; longestMs: number };
};

/** What is on its way to callbacks: the outbox. Due times stand here; a queue may lose what it was given. */
export type DeliveryStore = {
  /**
   * What is due and in no queue, for as long as the lease: at most `each` of a callback are under way, and one where its circuit is
   * open and its time has come.
   */
  takeDue(options: { limit: number; each: number; leaseMs: number }): Promise<string[]>;
  /** For one process alone, until the lease is over; null: somebody else has it, or it needs nothing any more. */
  begin(id: string, leaseMs: number): Promise<TakenDelivery | null>;
  end(taken: Pick<TakenDelivery, 'id' | 'callbackId' | 'attempts'>, end: DeliveryEnd): Promise<void>;
  list(tenant: string, page: DeliveryFilter & { limit: number; beforeId: string | null }): Promise<DeliveryRecord[]>;
  get(tenant: string, id: string): Promise<DeliveryRecord | null>;
  /** A delivery that nothing but a wish has caused. False if there is no such callback. */
  addTest(tenant: string, callbackId: string, delivery: { id: string; payload: Json }): Promise<boolean>;
  /** Makes it anew, from its first attempt on. False if there is none, or its callback is gone. */
  replay(tenant: string, id: string): Promise<boolean>;
  /** All of a callback that were given up at this instant or later. Gives how many. */
  replayDead(tenant: string, callbackId: string, since: number | null): Promise<number>;
  /** Forgets what has ended so long ago, and what belongs to runs that are gone. Gives how many rows. */
  forget(ages: { deliveredMs: number; deadMs: number }): Promise<number>;
};

/** Hands deliveries to whoever works, one process each. It may lose them, and give them twice. */
export type DeliveryQueue = {
  add(ids: readonly string[]): Promise<void>;
  /** Works on deliveries until the returned function is called; that waits for nothing. */
  onDelivery(work: (id: string) => Promise<void>): () => void;
};
