import { randomBytes, randomInt } from 'node:crypto';

import { isAnyLane } from '@weft/engine/ports';
import type { Ack, LaneList, TaskMessage } from '@weft/engine/ports';

import type { RedisConnection } from './connection.ts';
import { laneBase, sharedBase } from './keys.ts';
import { decodeRecord, encodeRecord, isPublishable, requireOneLine } from './lane-record.ts';
import type { LaneRecord } from './lane-record.ts';
import { LostClaims } from './lost-claims.ts';
import { Scripts } from './scripts.ts';
import { longId, shortId } from './short-id.ts';

export type LaneClaim = { lane: string; worker: string; limit: number };
export type LaneState = { lane: string; waiting: number; rank: number };

/** Bounds the time for which one script keeps Redis from all other work: about 2 ms. */
const BATCH = 500;
const MOST_CLAIMED = 1000;
const REFUSED = -1;
const CLAIM_TRIES = 3;
const ANY_ATTEMPT = Number.MAX_SAFE_INTEGER;

/** The lanes as scripts see them: every method is atomic per lane and takes one round trip, whatever the number of lanes. */
export class Lanes {
  readonly #connection: RedisConnection;
  readonly #scripts: Scripts;
  readonly #ageingMs: number;
  /** How many messages a tenant may have in one of its turns, of those whose share was ever set. */
  weights: ReadonlyMap<string, number> = new Map();
  /** Claims are numbered per session, for the fence of the claim script. */
  readonly #session = randomBytes(9).toString('base64url');
  readonly #lost = new LostClaims();
  /** They do not begin at the same number, should two sessions claim for one worker. */
  #claimNumber = randomInt(2 ** 24);
  /** Who has claimed last, by lane: usually there is one worker in a process. */
  readonly #claimers = new Map<string, string>();

  constructor(connection: RedisConnection, options: { ageingMs: number }) {
    this.#connection = connection;
    this.#scripts = new Scripts(connection.commands);
    this.#ageingMs = options.ageingMs;
  }

  /** @throws RangeError if a message is too long; the others are published */
  async publish(lane: string, messages: readonly TaskMessage[], acks: readonly Ack[]): Promise<number> {
    const records = messages.map((message) => ({ message, record: encodeRecord(message) }));
    const fitting = records.filter(isPublishable);
    // Acknowledgements come first, so only the last batch of them may share a script with the first messages.
    const ackBatches = batches(acks);
    const [first = [], ...rest] = batches(fitting);
    const last = ackBatches.pop() ?? [];
    const calls = [
      ...ackBatches.map((batch) => this.#publishBatch(lane, [], batch)),
      this.#publishBatch(lane, first, last),
      ...rest.map((batch) => this.#publishBatch(lane, batch, [])),
    ];
    const added = (await Promise.all(calls)).reduce((sum, count) => sum + count, 0);
    const unfit = fitting.length < records.length && records.find((record) => !isPublishable(record));
    if (unfit) throw new RangeError(`the message of task ${unfit.message.taskId} does not fit a lane`);
    return added;
  }

  /** Lets those know who serve any lane. Called in the same turn as what it tells of, it comes after it. */
  async announce(messages: readonly { lane: string }[]): Promise<void> {
    const lanes = [...new Set(messages.map(({ lane }) => lane))];
    if (lanes.length === 0) return;
    const tokens = messages.filter(({ lane }) => isAnyLane(lane)).length;
    await this.#scripts.run('announce', sharedBase(this.#connection.prefix), [tokens, ...lanes]);
  }

  /** Whether a script came late since `uploads` was read: then what was announced may not have been there yet. */
  get uploads(): number {
    return this.#scripts.uploads;
  }

  /** What was claimed, and how many messages still wait. */
  async claim(claim: LaneClaim): Promise<{ messages: TaskMessage[]; waiting: number }> {
    const { lane, worker } = claim;
    requireOneLine(worker);
    for (let tries = 0; tries < CLAIM_TRIES; tries++) {
      const reply = await this.#claimOnce(claim);
      if (reply[0] === REFUSED) continue;
      const [waiting, ...pairs] = reply;
      if (pairs.length > 0) this.#claimers.set(lane, worker);
      return { messages: await this.#readable(lane, pairs), waiting: Number(waiting) };
    }
    return { messages: [], waiting: 0 };
  }

  /** Puts back what claims had taken whose answers were lost. */
  async recoverLost(): Promise<void> {
    const lost = this.#lost.owners();
    await Promise.all(lost.map((owner) => this.claim({ ...owner, limit: 0 })));
  }

  async release(lane: string, worker: string, messages: readonly TaskMessage[]): Promise<void> {
    // The last batch first: each goes to the front.
    const calls = batches(messages)
      .toReversed()
      .map((batch) =>
        this.#run('release', lane, [worker, ...batch.flatMap(({ taskId, attempt }) => [shortId(taskId), attempt])]),
      );
    await Promise.all(calls);
  }

  async recall(lane: string, worker: string): Promise<number> {
    return Number(await this.#run('recall', lane, [worker]));
  }

  async claimed(lane: string, worker: string): Promise<TaskMessage[]> {
    return readRecords(lane, asList(await this.#run('claimed', lane, [worker]))).messages;
  }

  async held(lane: string, taskIds: readonly string[]): Promise<(number | null)[]> {
    const replies = await Promise.all(batches(taskIds).map((batch) => this.#run('held', lane, batch.map(shortId))));
    return replies.flatMap((attempts) => asList(attempts).map(asNumberOrNull));
  }

  async depth({ lane, tenant, priority }: LaneList): Promise<number> {
    return await this.#connection.commands.zcard(`${this.#base(lane)}list:${priority}:${tenant}`);
  }

  /** The lanes on which something waits, the most urgent first. */
  async peek(lanes: readonly string[]): Promise<LaneState[]> {
    const replies = await Promise.all(lanes.map((lane) => this.#run('peek', lane, [this.#ageingMs])));
    const states = replies.map((reply, index) => {
      const [waiting, rank] = asList(reply);
      return { lane: lanes[index] ?? '', waiting: Number(waiting), rank: Number(rank) };
    });
    return states.filter(({ waiting }) => waiting > 0).toSorted((a, b) => a.rank - b.rank);
  }

  /** Every lane that was published to. */
  async known(): Promise<string[]> {
    return await this.#connection.commands.smembers(`${sharedBase(this.#connection.prefix)}lanes`);
  }

  /** The key of the list whose tokens tell of this lane; of any lane with null. */
  wakeKey(lane: string | null): string {
    return `${lane === null ? sharedBase(this.#connection.prefix) : this.#base(lane)}wake`;
  }

  /**
   * A claim whose answer does not come may have been done, or may still be done; the next one of this worker says so. One
   * that cannot have been sent is not lost.
   */
  async #claimOnce({ lane, worker, limit }: LaneClaim): Promise<unknown[]> {
    if (this.#connection.commands.status !== 'ready') throw new Error('Redis is not connected');
    const number = ++this.#claimNumber;
    const lost = this.#lost.take({ lane, worker });
    const size = Math.min(limit, MOST_CLAIMED);
    try {
      const reply = asList(
        await this.#run('claim', lane, [worker, size, this.#ageingMs, this.#session, number, ...lost]),
      );
      if (reply[0] === REFUSED) this.#lost.add({ lane, worker }, [...lost, number]);
      return reply;
    } catch (error) {
      this.#lost.add({ lane, worker }, [...lost, number]);
      throw error;
    }
  }

  /** What nobody can read was written by somebody else: it is taken off the lane, and the sweeper offers the task anew. */
  async #readable(lane: string, pairs: readonly unknown[]): Promise<TaskMessage[]> {
    const { messages, unreadable } = readRecords(lane, pairs);
    if (unreadable.length > 0) await this.publish(lane, [], unreadable).catch(() => undefined);
    return messages;
  }

  async #publishBatch(lane: string, records: readonly LaneRecord[], acks: readonly Ack[]): Promise<number> {
    if (records.length + acks.length === 0) return 0;
    const weights = this.#weightsOf(records.map(({ message }) => message));
    const args: (string | number)[] = [acks.length, weights.length, this.#claimers.get(lane) ?? ''];
    for (const { taskId, attempt } of acks) args.push(shortId(taskId), attempt);
    for (const weight of weights) args.push(...weight);
    for (const { message, record } of records) args.push(shortId(message.taskId), record);
    return Number(await this.#run('publish', lane, args));
  }

  #weightsOf(messages: readonly TaskMessage[]): [string, number][] {
    if (this.weights.size === 0) return [];
    const tenants = new Set(messages.map((message) => message.workflow.tenant));
    return Array.from(tenants).flatMap((tenant) => {
      const weight = this.weights.get(tenant);
      return weight === undefined ? [] : [[tenant, Math.max(1, Math.floor(weight))]];
    });
  }

  #run(script: Parameters<Scripts['run']>[0], lane: string, args: readonly (string | number)[]): Promise<unknown> {
    return this.#scripts.run(script, this.#base(lane), args);
  }

  #base(lane: string): string {
    return laneBase(this.#connection.prefix, lane);
  }
}

/** `pairs`: task, record ... as a script gives them. What cannot be read is to be taken off the lane. */
function readRecords(lane: string, pairs: readonly unknown[]): { messages: TaskMessage[]; unreadable: Ack[] } {
  const messages: TaskMessage[] = [];
  const unreadable: Ack[] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    const taskId = longId(String(pairs[at]));
    const message = decodeRecord(String(pairs[at + 1]), { lane, taskId });
    if (message === null) unreadable.push({ lane, taskId, attempt: ANY_ATTEMPT });
    else messages.push(message);
  }
  return { messages, unreadable };
}

function batches<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, n) => items.slice(n * BATCH, (n + 1) * BATCH));
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function asNumberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}
