/**
 * A worker: claims tasks up to its free slots, runs their executors and settles the outcomes.
 *
 * A slot is free again when its attempt is over; the outcomes that wait for their commit are bounded, so a store that is
 * slow or gone holds the worker back instead of letting them pile up. No task is written on the claim; one that runs
 * longer than a moment is flushed as running.
 */
import { ANY_LANE, isAnyLane } from '../../ports/index.ts';
import type { TaskMessage } from '../../ports/index.ts';
import { isSuspect } from '../../domain/run/release-task.ts';
import { pause } from '../pause.ts';
import { repeat } from '../repeat.ts';
import type { StopReason } from './attempt-time.ts';
import { LiveOutbox } from './live-outbox.ts';
import { prepareAttempts } from './prepare-attempts.ts';
import type { Prepared } from './prepare-attempts.ts';
import { handBack, runAttempt } from './run-attempt.ts';
import { flushRunning, markBeginning, RUNNING_AFTER_MS } from './running-flush.ts';
import { SharedResults } from './shared-results.ts';
import type { CacheCounters } from './shared-results.ts';
import { Slots } from './slots.ts';
import type { Slot } from './slots.ts';
import type { WorkerDeps, WorkerOptions } from './worker-options.ts';

export type Worker = {
  readonly id: string;
  start(): Promise<void>;
  /** Claims nothing more, lets what runs end within `graceMs`, hands the rest back, and signs off. Safe to call twice. */
  stop(graceMs: number): Promise<void>;
  readonly running: number;
  /** How often a cached task was spared, and how often it was not. */
  readonly cacheCounters: Readonly<CacheCounters>;
};

/** A beat says that the worker lives (rule A6). */
export const BEAT_MS = 2000;
const CLAIM_RETRY_MS = 500;
const RESULT_LEASE_MS = 15_000;
/** After its grace a shutdown waits this long for the store to take what is left. */
const GIVE_UP_MS = 5000;
/** Revoked runs that are remembered: messages of theirs may still lie on the lanes. */
const MAX_REVOKED = 1000;

export function createWorker(deps: WorkerDeps, options: WorkerOptions): Worker {
  return new ClaimingWorker(deps, options);
}

class ClaimingWorker implements Worker {
  readonly #deps: WorkerDeps;
  readonly #options: WorkerOptions;
  readonly #slots: Slots;
  readonly #shared: SharedResults;
  readonly #outbox: LiveOutbox;
  readonly #closing = new AbortController();
  readonly #ends: (() => void)[] = [];
  readonly #revoked = new Set<string>();
  /** The id under which the fleet knows this worker; another one once it was declared dead. */
  #incarnation: string;
  /** Ends when the suspect that was claimed last has ended. */
  #lastSuspect = Promise.resolve();
  #counter = 0;
  /** Whether the last look at the lanes found nothing, and nobody has said since that something came. */
  #nothingWaits = false;
  #claiming: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(deps: WorkerDeps, options: WorkerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#slots = new Slots(options.slots);
    this.#shared = new SharedResults({ ...deps, leaseMs: options.resultLeaseMs ?? RESULT_LEASE_MS });
    this.#outbox = new LiveOutbox(deps);
    this.#incarnation = options.id;
  }

  get id(): string {
    return this.#options.id;
  }

  get running(): number {
    return this.#slots.taken;
  }

  get cacheCounters(): Readonly<CacheCounters> {
    return this.#shared.counters;
  }

  async start(): Promise<void> {
    const { broker } = this.#deps;
    await this.#register();
    this.#claiming = this.#claimLoop();
    const flush = { everyMs: RUNNING_AFTER_MS, what: 'writing running tasks', work: () => this.#flush() };
    const beat = { everyMs: BEAT_MS, what: 'a beat', work: () => this.#beat() };
    this.#ends.push(
      repeat(this.#deps, flush),
      repeat(this.#deps, beat),
      broker.onRevoke((runId) => this.#revoke(runId)),
    );
  }

  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#shutDown(graceMs);
    return this.#stopping;
  }

  async #shutDown(graceMs: number): Promise<void> {
    this.#closing.abort();
    this.#slots.wake();
    await this.#claiming;
    const { clock, settler } = this.#deps;
    const endGrace = clock.after(graceMs, () => this.#abort('shutdown', () => true));
    // A store that is gone must not keep the process: what could not be committed is found again by the sweepers.
    const giveUp = clock.after(graceMs + GIVE_UP_MS, () => settler.stop());
    await this.#slots.emptied();
    await this.#outbox.stop();
    endGrace();
    giveUp();
    for (const end of this.#ends) end();
    await this.#signOff();
  }

  /** Best effort: a worker that cannot say goodbye is found out by its silence. */
  async #signOff(): Promise<void> {
    const { fleet, broker, log } = this.#deps;
    try {
      await fleet.end([this.#incarnation]);
      // A claim whose answer was lost may still be held in this worker's name.
      await broker.recall(this.#incarnation);
    } catch (error) {
      log.warn({ err: error, workerId: this.#incarnation }, 'this worker could not sign off');
    }
  }

  async #claimLoop(): Promise<void> {
    const { log, clock } = this.#deps;
    while (!this.#closing.signal.aborted) {
      await this.#slots.free();
      if (this.#closing.signal.aborted) return;
      try {
        await this.#claim();
      } catch (error) {
        log.warn({ err: error, workerId: this.#incarnation }, 'could not claim; trying again');
        await pause(clock, CLAIM_RETRY_MS);
      }
    }
  }

  async #claim(): Promise<void> {
    const { broker } = this.#deps;
    const { signal } = this.#closing;
    const { lanes } = this.#options;
    const worker = this.#incarnation;
    const onWait = () => {
      this.#nothingWaits = true;
    };
    const messages = await broker.claim({ worker, lanes, limit: this.#slots.room, signal, onWait });
    this.#nothingWaits = false;
    if (messages.length === 0) return;
    if (signal.aborted) {
      await broker.release(worker, messages);
      return;
    }
    this.#takeOn(messages, { isHeld: true });
  }

  /** The slots are taken at once, so that the next claim counts them; the inputs are loaded for all together. */
  #takeOn(messages: readonly TaskMessage[], { isHeld }: { isHeld: boolean }): void {
    const now = this.#deps.clock.monotonicMs();
    const slots = messages.map((message) => this.#slots.take(message, { now, isHeld }));
    const prepared = prepareAttempts(this.#deps, { messages, revoked: this.#revoked });
    for (const [index, slot] of slots.entries()) void this.#runSlot(slot, index, prepared);
  }

  /**
   * Goes on with a task that an outcome of this worker has readied, in the slot that becomes free, without a way over the
   * lanes. Only while nothing else waits there, so that nobody is overtaken; and no lane needs to know of it: should this
   * worker die, the sweeper finds an offer that no lane holds, or a task that is written as running.
   */
  readonly #goOn = (message: TaskMessage): boolean => {
    const serves = this.#options.lanes.includes(message.lane) || this.#servesAny(message.lane);
    if (!this.#nothingWaits || !serves || this.#closing.signal.aborted || this.#revoked.has(message.runId))
      return false;
    this.#takeOn([message], { isHeld: false });
    return true;
  };

  #servesAny(lane: string): boolean {
    return isAnyLane(lane) && this.#options.lanes.includes(ANY_LANE);
  }

  async #runSlot(slot: Slot, index: number, prepared: Promise<(Prepared | null)[]>): Promise<void> {
    const { runId, taskId } = slot.message;
    try {
      const one = (await prepared)[index] ?? null;
      if (isSuspect(slot.message.crashes)) await this.#runAlone(slot, one);
      else await this.#runPrepared(slot, one);
    } catch (error) {
      this.#deps.log.error({ err: error, runId, taskId }, 'an attempt could not be run; it is handed out anew');
      // It may have been written as running by now: to give back the claim alone would leave it so for ever.
      await pause(this.#deps.clock, CLAIM_RETRY_MS);
      await handBack(this.#deps, slot);
    } finally {
      this.#slots.leave(slot);
    }
  }

  async #runPrepared(slot: Slot, prepared: Prepared | null): Promise<void> {
    await runAttempt(this.#deps, {
      slot,
      prepared,
      options: this.#options,
      shared: this.#shared,
      outbox: this.#outbox,
      worker: this.#incarnation,
      goOn: this.#goOn,
      onOver: () => this.#slots.end(slot),
    });
  }

  /** A suspect runs when no other does, and is written as running before it begins: a crash is then its own (rule A4). */
  async #runAlone(slot: Slot, prepared: Prepared | null): Promise<void> {
    const turn = this.#lastSuspect;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastSuspect = promise;
    try {
      await turn;
      slot.startedAt = this.#deps.clock.monotonicMs();
      const mayRun = prepared !== null && (await this.#begin(slot, prepared));
      await this.#runPrepared(slot, mayRun ? prepared : null);
    } finally {
      resolve();
    }
  }

  async #begin(slot: Slot, { node }: Prepared): Promise<boolean> {
    slot.dueAt = slot.startedAt + node.timeoutMs;
    const { dispatch, clock } = this.#deps;
    return markBeginning(dispatch, { attempt: slot, worker: this.#incarnation, now: clock.monotonicMs() });
  }

  #revoke(runId: string): void {
    this.#revoked.add(runId);
    for (const oldest of this.#revoked) {
      if (this.#revoked.size <= MAX_REVOKED) break;
      this.#revoked.delete(oldest);
    }
    this.#abort('revoked', (slot) => slot.message.runId === runId);
  }

  #abort(reason: StopReason, which: (slot: Slot) => boolean): void {
    for (const slot of this.#slots) if (which(slot)) slot.stop.abort(reason);
  }

  async #flush(): Promise<void> {
    const { dispatch, clock } = this.#deps;
    const request = { running: this.#slots, worker: this.#incarnation, now: clock.monotonicMs() };
    const lost = new Set(await flushRunning(dispatch, request));
    this.#abort('revoked', (slot) => lost.has(slot));
  }

  async #beat(): Promise<void> {
    this.#counter += 1;
    if (await this.#deps.fleet.beat({ ...this.#vitals(), id: this.#incarnation, counter: this.#counter })) return;
    // Declared dead while it was away: its attempts may have been handed out anew, and the fence will tell.
    this.#deps.log.warn({ workerId: this.#incarnation }, 'declared dead; this worker goes on as a new incarnation');
    this.#incarnation = `${this.#options.id}.${this.#counter}`;
    await this.#register();
  }

  async #register(): Promise<void> {
    const { name, version, pid, host } = this.#options;
    const vitals = this.#vitals();
    await this.#deps.fleet.register({
      ...vitals,
      id: this.#incarnation,
      name,
      version,
      pid,
      host,
      counter: this.#counter,
    });
  }

  #vitals() {
    const { lanes, slots } = this.#options;
    return { running: this.#slots.taken, rssBytes: this.#options.rssBytes(), lanes, slots };
  }
}
