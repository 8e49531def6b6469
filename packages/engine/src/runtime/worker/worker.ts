/**
 * A worker: claims tasks up to its free slots, runs their executors and settles the outcomes.
 *
 * A slot is free again when its attempt is over; the outcomes that wait for their commit are bounded, so a store that is
 * slow or gone holds the worker back instead of letting them pile up. No task is written on the claim; one that runs
 * longer than a moment is flushed as running.
 */
import { ANY_LANE, isAnyLane } from '../../ports/index.ts';
import type { DesiredState, TaskMessage, WorkerHealth } from '../../ports/index.ts';
import type { Load } from '../../domain/load/load-law.ts';
import { isSuspect } from '../../domain/run/release-task.ts';
import { pause } from '../pause.ts';
import { repeat } from '../repeat.ts';
import type { StopReason } from './attempt-time.ts';
import { Cashier } from './cashier.ts';
import { LaneRates } from './lane-rates.ts';
import { LiveOutbox } from './live-outbox.ts';
import { prepareAttempts } from './prepare-attempts.ts';
import type { Prepared } from './prepare-attempts.ts';
import { handBack, runAttempt } from './run-attempt.ts';
import { flushRunning, markBeginning, RUNNING_AFTER_MS } from './running-flush.ts';
import { SharedResults } from './shared-results.ts';
import type { CacheCounters } from './shared-results.ts';
import { Slots } from './slots.ts';
import type { Slot } from './slots.ts';
import { WorkerLoad } from './worker-load.ts';
import type { WorkerDeps, WorkerOptions } from './worker-options.ts';

export type Worker = {
  readonly id: string;
  start(): Promise<void>;
  /**
   * Claims nothing more, lets what runs end within `graceMs`, hands the rest back, and signs off. Called again it shortens
   * the grace: with 0 everything is handed back now.
   */
  stop(graceMs: number): Promise<void>;
  /** Resolves when this worker left by itself: it was drained, or nothing but another process would have memory again. */
  readonly left: Promise<Leave>;
  readonly running: number;
  /** How often a cached task was spared, and how often it was not. */
  readonly cacheCounters: Readonly<CacheCounters>;
};

/** Why a worker left without being told to stop. */
export type Leave = 'drained' | 'recycled';

/** A beat says that the worker lives (rule A6). */
export const BEAT_MS = 2000;
const CLAIM_RETRY_MS = 500;
const RESULT_LEASE_MS = 15_000;
/** After its grace a shutdown waits this long for the store to take what is left. */
const GIVE_UP_MS = 5000;
/** How long what runs may go on where the worker leaves for want of memory. */
const RECYCLE_GRACE_MS = 30_000;
/** What was claimed and does not fit for so long is given back to its lane: another worker may have room. */
const GIVE_BACK_MS = 2000;
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
  readonly #cashier: Cashier;
  readonly #outbox: LiveOutbox;
  readonly #load: WorkerLoad;
  readonly #rates: LaneRates;
  readonly #left = Promise.withResolvers<Leave>();
  readonly #startedAt: number;
  readonly #ends: (() => void)[] = [];
  readonly #revoked = new Set<string>();
  /** The id under which the fleet knows this worker; another one once it was declared dead. */
  #incarnation: string;
  /** Ends when the suspect that was claimed last has ended. */
  #lastSuspect = Promise.resolve();
  #counter = 0;
  /** Whether the last look at the lanes found nothing, and nobody has said since that something came. */
  #nothingWaits = false;
  #desired: DesiredState = 'active';
  #closed = false;
  /** Ends the claim that waits; another one after each. */
  #claimEnd = new AbortController();
  #claimLimit = 0;
  /** Tasks that were claimed and have to wait for memory. */
  #tooLarge = 0;
  #endGrace = () => {};
  #claiming: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(deps: WorkerDeps, options: WorkerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#slots = new Slots(options.slots);
    this.#shared = new SharedResults({ ...deps, leaseMs: options.resultLeaseMs ?? RESULT_LEASE_MS });
    this.#cashier = new Cashier(deps);
    this.#outbox = new LiveOutbox(deps);
    this.#startedAt = deps.clock.monotonicMs();
    this.#rates = new LaneRates(this.#startedAt);
    this.#load = new WorkerLoad(
      { ...deps, gauge: options.gauge ?? null },
      {
        onSample: () => this.#review(),
        onShed: (load) => this.#shed(load),
        onCritical: () => this.#recycle(),
      },
    );
    this.#incarnation = options.id;
  }

  get id(): string {
    return this.#options.id;
  }

  get running(): number {
    return this.#slots.taken;
  }

  get left(): Promise<Leave> {
    return this.#left.promise;
  }

  get cacheCounters(): Readonly<CacheCounters> {
    return this.#shared.counters;
  }

  async start(): Promise<void> {
    const { broker } = this.#deps;
    await this.#load.start();
    await this.#cashier.book.refresh();
    await this.#register();
    this.#claiming = this.#claimLoop();
    const flush = { everyMs: RUNNING_AFTER_MS, what: 'writing running tasks', work: () => this.#flush() };
    const look = { everyMs: BEAT_MS, what: 'reading the budgets', work: () => this.#cashier.book.refresh() };
    const beat = { everyMs: this.#options.beatMs ?? BEAT_MS, what: 'a beat', work: () => this.#beat() };
    this.#ends.push(
      repeat(this.#deps, flush),
      repeat(this.#deps, beat),
      repeat(this.#deps, look),
      broker.onRevoke((runId) => this.#revoke(runId)),
    );
  }

  stop(graceMs: number): Promise<void> {
    this.#limitGrace(graceMs);
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  /** From the last call on. A store that is gone must not keep the process: the sweepers find what could not be committed. */
  #limitGrace(graceMs: number): void {
    const { clock, settler } = this.#deps;
    this.#endGrace();
    const endGrace = clock.after(graceMs, () => this.#abort('shutdown', () => true));
    const giveUp = clock.after(graceMs + GIVE_UP_MS, () => settler.stop());
    this.#endGrace = () => {
      endGrace();
      giveUp();
    };
  }

  async #shutDown(): Promise<void> {
    this.#closed = true;
    this.#endClaim();
    this.#slots.wake();
    await this.#claiming;
    await this.#slots.emptied();
    await this.#outbox.stop();
    await this.#acknowledged();
    this.#endGrace();
    this.#load.stop();
    for (const end of this.#ends) end();
    await this.#signOff();
  }

  /** What has ended must not be recalled with what was claimed: it would be done once more. */
  async #acknowledged(): Promise<void> {
    const { clock, settler } = this.#deps;
    const late = Promise.withResolvers<void>();
    const cancel = clock.after(GIVE_UP_MS, () => late.resolve());
    await Promise.race([settler.idle(), late.promise]);
    cancel();
  }

  #endClaim(): void {
    this.#claimEnd.abort();
    this.#claimEnd = new AbortController();
  }

  /** How many tasks may be claimed now. */
  get #room(): number {
    if (this.#closed || this.#desired !== 'active' || this.#tooLarge > 0) return 0;
    return Math.min(this.#slots.room, this.#load.room);
  }

  /** Looks again what may be claimed and started, after something has changed. */
  #review(): void {
    if (this.#claimLimit > this.#room) this.#endClaim();
    this.#slots.wake();
  }

  /** Does what somebody wants it to do. One that is drained leaves once it has nothing. */
  #obey(desired: DesiredState): void {
    if (desired === this.#desired) return;
    this.#deps.log.info(
      { workerId: this.#incarnation, desired, before: this.#desired },
      'this worker was told what to do',
    );
    this.#desired = desired;
    this.#review();
    if (desired === 'draining') void this.#leaveWhenEmpty();
  }

  async #leaveWhenEmpty(): Promise<void> {
    while (this.#slots.taken > 0 && this.#desired === 'draining') await this.#slots.changed();
    if (this.#desired === 'draining' && !this.#closed) this.#left.resolve('drained');
  }

  /** Lets another process take the place of this one, where somebody starts it. */
  #recycle(): boolean {
    const { recycleAfterMs = null } = this.#options;
    const { clock, log } = this.#deps;
    if (recycleAfterMs === null || clock.monotonicMs() - this.#startedAt < recycleAfterMs) return false;
    if (this.#closed) return true;
    log.error({ workerId: this.#incarnation, ...this.#load.health }, 'this worker leaves: it has no memory left');
    void this.stop(RECYCLE_GRACE_MS).then(() => this.#left.resolve('recycled'));
    return true;
  }

  /** Hands back what has begun last, for want of memory. */
  #shed(load: Load): boolean {
    const slot = Array.from(this.#slots).find((one) => one.load === load);
    if (!slot || slot.isOnce || slot.isOver || slot.stop.signal.aborted) return false;
    const { taskId, runId } = slot.message;
    this.#deps.log.warn({ taskId, runId, uses: load.uses }, 'handed back for want of memory');
    slot.stop.abort('pressure' satisfies StopReason);
    return true;
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
    while (!this.#closed) {
      if (this.#room <= 0) {
        await this.#slots.changed();
        continue;
      }
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
    const { signal } = this.#claimEnd;
    const { lanes } = this.#options;
    const worker = this.#incarnation;
    const limit = this.#room;
    const onWait = () => {
      this.#nothingWaits = true;
      this.#claimLimit = limit;
    };
    const messages = await broker.claim({ worker, lanes, limit, signal, onWait }).finally(() => (this.#claimLimit = 0));
    this.#nothingWaits = false;
    if (messages.length === 0) return;
    if (signal.aborted) {
      await this.#giveBack(messages, { worker, isHeld: true });
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
    if (!this.#nothingWaits || !serves || this.#room <= 0 || this.#revoked.has(message.runId)) return false;
    this.#takeOn([message], { isHeld: false });
    return true;
  };

  #servesAny(lane: string): boolean {
    return isAnyLane(lane) && this.#options.lanes.includes(ANY_LANE);
  }

  async #runSlot(slot: Slot, index: number, prepared: Promise<(Prepared | null)[]>): Promise<void> {
    const { runId, taskId } = slot.message;
    const worker = this.#incarnation;
    try {
      const one = (await prepared)[index] ?? null;
      if (one && !(await this.#begins(slot, one))) await this.#giveBack([slot.message], { ...slot, worker });
      else if (isSuspect(slot.message.crashes)) await this.#runAlone(slot, one);
      else await this.#runPrepared(slot, one);
    } catch (error) {
      this.#deps.log.error({ err: error, runId, taskId }, 'an attempt could not be run; it is handed out anew');
      // It may have been written as running by now: to give back the claim alone would leave it so for ever.
      await pause(this.#deps.clock, CLAIM_RETRY_MS);
      await handBack(this.#deps, slot);
    } finally {
      this.#ended(slot);
      this.#slots.leave(slot);
    }
  }

  /** Waits until the task fits into memory. Returns false if it does not for a while, or nobody wants it any more. */
  async #begins(slot: Slot, { node }: Prepared): Promise<boolean> {
    const { clock } = this.#deps;
    const uses = node.uses ?? '';
    slot.isOnce = node.retry.onCrash === 'fail';
    slot.load = this.#load.tryBegin(uses);
    if (slot.load) return true;
    const startedAt = slot.startedAt;
    slot.startedAt = Number.POSITIVE_INFINITY;
    const until = clock.monotonicMs() + GIVE_BACK_MS;
    this.#tooLarge += 1;
    try {
      while (!slot.load && !this.#closed && !slot.stop.signal.aborted && clock.monotonicMs() < until) {
        await this.#slots.changed();
        slot.load = this.#load.tryBegin(uses);
      }
    } finally {
      this.#tooLarge -= 1;
    }
    // A suspect is timed from when its turn comes.
    if (slot.load) slot.startedAt = startedAt === Number.POSITIVE_INFINITY ? startedAt : clock.monotonicMs();
    return slot.load !== null;
  }

  /**
   * What has not begun goes back to where it was, and nobody counts it. What is held in the name of a worker that lives is in
   * its hand, says every sweeper: so it asks until the broker hears of it, or it signs off.
   */
  async #giveBack(
    messages: readonly TaskMessage[],
    { worker, isHeld }: { worker: string; isHeld: boolean },
  ): Promise<void> {
    const { broker, clock, log } = this.#deps;
    for (;;) {
      try {
        if (isHeld) await broker.release(worker, messages);
        else await broker.publish(messages);
        return;
      } catch (error) {
        if (this.#closed) throw error;
        log.warn({ err: error, workerId: worker, tasks: messages.length }, 'could not give tasks back; trying again');
        await pause(clock, CLAIM_RETRY_MS);
      }
    }
  }

  /** Once for each slot that has begun. */
  #ended(slot: Slot): void {
    if (!slot.load) return;
    this.#load.end(slot.load);
    slot.load = null;
    const { lane, workflow, readyAt } = slot.message;
    this.#rates.count({ lane, tenant: workflow.tenant, tookMs: this.#deps.clock.now() - readyAt });
  }

  async #runPrepared(slot: Slot, prepared: Prepared | null): Promise<void> {
    await runAttempt(this.#deps, {
      slot,
      prepared,
      options: this.#options,
      shared: this.#shared,
      cashier: this.#cashier,
      outbox: this.#outbox,
      worker: this.#incarnation,
      goOn: this.#goOn,
      onOver: () => {
        this.#ended(slot);
        this.#slots.end(slot);
      },
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
    const desired = await this.#deps.fleet.beat({ ...this.#vitals(), id: this.#incarnation, counter: this.#counter });
    if (desired !== null) {
      this.#obey(desired);
      return;
    }
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
      desired: this.#desired,
    });
  }

  #vitals() {
    const { lanes, slots } = this.#options;
    const rssBytes = this.#load.rssBytes ?? this.#options.rssBytes();
    return { running: this.#slots.taken, rssBytes, lanes, slots, health: this.#health() };
  }

  #health(): WorkerHealth | null {
    const { health } = this.#load;
    if (!health) return null;
    const slotsEffective = Math.min(this.#options.slots, this.#slots.taken + Math.max(0, this.#room));
    return { ...health, slotsEffective, rates: this.#rates.take(this.#deps.clock.monotonicMs()) };
  }
}
