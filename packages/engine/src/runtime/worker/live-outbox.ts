/**
 * What attempts tell watchers, on its way to the live log: at once where nothing was told a moment ago, else gathered for a
 * moment. It is bounded and no attempt ever waits for it; what it has to drop, or could not deliver, it tells as lost.
 */
import type { Clock, LiveEntry, LiveEvent, LiveLog, Log, RunReader } from '../../ports/index.ts';
import { within } from './unless-aborted.ts';

export type OutboxDeps = {
  live: LiveLog;
  reader: Pick<RunReader, 'lastSteps'>;
  clock: Pick<Clock, 'after' | 'monotonicMs'>;
  log: Log;
};

/** An event that has not left; whoever gave it may still change or withdraw it. */
export type Pending = {
  event: LiveEvent;
  /** Roughly, of its text. */
  bytes: number;
  /** Completes the event when it leaves. */
  finish?: () => void;
};

const BATCH_MS = 25;
/** So long a start waits for others to go with; of tasks that are over by then nobody needs to know that they have begun. */
const FLEETING_MS = 30;
const RETRY_MS = 1000;
/** How long the log, or the store, may take. */
const ANSWER_MS = 2000;
const MOST = { events: 10_000, bytes: 8 * 1024 * 1024, ofRun: 2000, bytesOfRun: 2 * 1024 * 1024 };
/** Runs of which it is remembered how far they had come, or that something was lost. */
const MOST_RUNS = 5000;

type RunCount = { events: number; bytes: number; overflown: boolean };

export class LiveOutbox {
  readonly #deps: OutboxDeps;
  readonly #pending = new Set<Pending>();
  readonly #byRun = new Map<string, RunCount>();
  #bytes = 0;
  /** How far the runs had come when one of their attempts began to tell something. */
  readonly #steps = new Map<string, number>();
  readonly #unplaced = new Set<string>();
  /** Runs of which a batch did not arrive. */
  readonly #lost = new Set<string>();
  #timer: { dueAt: number; cancel: () => void } | null = null;
  #sending: Promise<void> | null = null;
  #sentAt = Number.NEGATIVE_INFINITY;
  /** Nothing is sent before, since the last batch did not arrive. */
  #retryAt = Number.NEGATIVE_INFINITY;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** `isFirst`: of its attempt. Null: there was no room for it. */
  add(event: LiveEvent, { bytes, isFirst = false }: { bytes: number; isFirst?: boolean }): Pending | null {
    const count = this.#countOf(event.runId);
    if (this.#isFull(count, bytes)) {
      count.overflown ||= !event.fleeting;
      return null;
    }
    if (isFirst) this.#unplaced.add(event.runId);
    const pending: Pending = { event, bytes };
    this.#take(pending, count);
    this.#flushIn(event.fleeting ? FLEETING_MS : 0);
    return pending;
  }

  /** Counts what a pending event has grown by; false where it has left, or would become too large for it. */
  grow(pending: Pending, bytes: number): boolean {
    const count = this.#byRun.get(pending.event.runId);
    if (!count || !this.#pending.has(pending) || this.#isFull(count, bytes)) return false;
    pending.bytes += bytes;
    count.bytes += bytes;
    this.#bytes += bytes;
    return true;
  }

  withdraw(pending: Pending): void {
    if (!this.#pending.delete(pending)) return;
    const { bytes, event } = pending;
    this.#bytes -= bytes;
    const count = this.#byRun.get(event.runId);
    if (!count) return;
    count.events -= 1;
    count.bytes -= bytes;
    if (count.events === 0 && !count.overflown) this.#byRun.delete(event.runId);
  }

  /** Sends what is pending now; returns once it has arrived, or after `ms`. */
  async hurry(ms: number): Promise<void> {
    if (this.#deps.clock.monotonicMs() < this.#retryAt) return;
    const sent = (this.#sending ?? Promise.resolve()).then(() => (this.#pending.size > 0 ? this.#send() : undefined));
    await within(this.#deps.clock, sent, { ms });
  }

  /** Sends what is left, as far as that is possible at once. */
  async stop(): Promise<void> {
    await this.hurry(ANSWER_MS);
    this.#timer?.cancel();
    this.#timer = null;
  }

  #countOf(runId: string): RunCount {
    const known = this.#byRun.get(runId);
    if (known) return known;
    const count = { events: 0, bytes: 0, overflown: false };
    this.#byRun.set(runId, count);
    return count;
  }

  #isFull(count: RunCount, bytes: number): boolean {
    return (
      // Between two that were told nothing may be missing without a word.
      count.overflown ||
      this.#pending.size >= MOST.events ||
      this.#bytes + bytes > MOST.bytes ||
      count.events >= MOST.ofRun ||
      count.bytes + bytes > MOST.bytesOfRun
    );
  }

  #take(pending: Pending, count: RunCount): void {
    this.#pending.add(pending);
    this.#bytes += pending.bytes;
    count.events += 1;
    count.bytes += pending.bytes;
  }

  #flushIn(ms: number): void {
    if (this.#sending) return;
    const { clock } = this.#deps;
    const now = clock.monotonicMs();
    const dueAt = Math.max(now + ms, this.#sentAt + BATCH_MS, this.#retryAt);
    if (this.#timer && this.#timer.dueAt <= dueAt) return;
    this.#timer?.cancel();
    this.#timer = { dueAt, cancel: clock.after(dueAt - now, () => void this.#send()) };
  }

  #send(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    this.#sending ??= this.#sendAll().then((arrived) => {
      this.#sending = null;
      if (!arrived) this.#retryAt = this.#deps.clock.monotonicMs() + RETRY_MS;
      if (this.#pending.size + this.#lost.size > 0) this.#flushIn(0);
    });
    return this.#sending;
  }

  async #sendAll(): Promise<boolean> {
    const { live, clock, log } = this.#deps;
    this.#sentAt = clock.monotonicMs();
    await this.#place();
    const entries = this.#leave();
    if (entries.length === 0) return true;
    try {
      const added = await within(clock, live.append(entries), { ms: ANSWER_MS });
      if (added !== 'late') return true;
      log.warn({ events: entries.length }, 'the live log does not answer; its events may be lost');
    } catch (error) {
      log.warn({ err: error, events: entries.length }, 'live events could not be told');
    }
    for (const entry of entries) {
      const isMissed = entry.mode === 'lost' || !entry.fleeting;
      if (isMissed && this.#lost.size < MOST_RUNS) this.#lost.add(entry.runId);
    }
    return false;
  }

  /** All that is pending, as the log takes it. */
  #leave(): LiveEntry[] {
    const lossOf = (runId: string): LiveEntry => ({ runId, step: this.#stepOf(runId), mode: 'lost' });
    const entries = Array.from(this.#lost, lossOf);
    for (const { event, finish } of this.#pending) {
      finish?.();
      entries.push({ ...event, step: this.#stepOf(event.runId) });
    }
    for (const [runId, { overflown }] of this.#byRun) if (overflown) entries.push(lossOf(runId));
    this.#lost.clear();
    this.#pending.clear();
    this.#byRun.clear();
    this.#bytes = 0;
    return entries;
  }

  #stepOf(runId: string): number {
    return this.#steps.get(runId) ?? 0;
  }

  /** Best effort: without it events stand further back than they should. */
  async #place(): Promise<void> {
    if (this.#unplaced.size === 0) return;
    const { reader, clock, log } = this.#deps;
    const runIds = Array.from(this.#unplaced);
    this.#unplaced.clear();
    try {
      const steps = await within(clock, reader.lastSteps(runIds), { ms: ANSWER_MS });
      if (steps === 'late' || steps === 'aborted') return;
      for (const [runId, step] of steps) this.#steps.set(runId, step);
      for (const oldest of this.#steps.keys()) {
        if (this.#steps.size <= MOST_RUNS) break;
        this.#steps.delete(oldest);
      }
    } catch (error) {
      log.debug({ err: error }, 'how far runs have come could not be read for their live events');
    }
  }
}
