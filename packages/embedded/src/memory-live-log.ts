import { isBefore, laterOf, START, uuidTimeMs } from '@weft/engine/domain';
import type { Place } from '@weft/engine/domain';
import type {
  Clock,
  EventBus,
  HeldEvent,
  LiveEntry,
  LiveLimits,
  LiveLog,
  LivePage,
  LiveRead,
} from '@weft/engine/ports';

export type MemoryLiveLogOptions = { bus: EventBus; clock: Pick<Clock, 'now'>; limits?: Partial<LiveLimits> };

const LIMITS: LiveLimits = {
  runEvents: 2048,
  runBytes: 2 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
  idleMs: 3_600_000,
};
/** Runs that have been quiet for long are looked for among the oldest only, a few each time. */
const LOOKED_AT = 10;

type Held = { event: HeldEvent; bytes: number };

type RunLog = {
  last: Place;
  /** All up to here is gone. */
  lost: Place;
  /** Numbers begin behind it; greater than 0 where the log cannot know what there was before. */
  base: number;
  /** How far the run had come when it was first read of. */
  readFrom: number | null;
  events: Held[];
  bytes: number;
  touchedAt: number;
};

/** A live log in the memory of one process. Of runs that are older than itself it knows that it does not know all. */
export function createMemoryLiveLog(options: MemoryLiveLogOptions): LiveLog {
  return new MemoryLiveLog(options);
}

class MemoryLiveLog implements LiveLog {
  readonly #bus: EventBus;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #limits: LiveLimits;
  readonly #since: number;
  /** The run that was touched last is the last one. */
  readonly #runs = new Map<string, RunLog>();
  #bytes = 0;

  constructor({ bus, clock, limits }: MemoryLiveLogOptions) {
    this.#bus = bus;
    this.#clock = clock;
    this.#limits = { ...LIMITS, ...limits };
    this.#since = clock.now();
  }

  async append(entries: readonly LiveEntry[]): Promise<void> {
    const told = new Set<string>();
    for (const entry of entries) {
      if (entry.mode !== 'lost' && entry.fleeting && !this.#runs.has(entry.runId)) continue;
      this.#add(this.#touch(entry.runId), entry);
      told.add(entry.runId);
    }
    this.#forget();
    this.#bus.publish(Array.from(told, (runId) => ({ kind: 'live', runId })));
  }

  async read({ runId, after, step, limit }: LiveRead): Promise<LivePage> {
    const run = this.#touch(runId);
    if (run.last.step < step) run.last = { step, n: run.base };
    run.readFrom ??= step;
    const isStrange = isStrangeTo(run, after);
    const from = isStrange && after.n > 0 ? START : after;
    const found = run.events.filter(({ event }) => isBefore(from, event));
    const events = found.slice(0, limit).map(({ event }) => event);
    const more = found.length > limit;
    const next = more ? placeOf(events.at(-1) ?? run.last) : run.last;
    this.#forget();
    return { events, next, more, lost: isStrange || isBefore(from, run.lost) };
  }

  #touch(runId: string): RunLog {
    const run = this.#runs.get(runId) ?? this.#open(runId);
    run.touchedAt = this.#clock.now();
    this.#runs.delete(runId);
    this.#runs.set(runId, run);
    return run;
  }

  /** Numbers that may have been given before are not given again: the run's age in ms is greater than their count. */
  #open(runId: string): RunLog {
    const now = this.#clock.now();
    const startedAt = uuidTimeMs(runId);
    const isOld = startedAt < Math.max(this.#since, now - this.#limits.idleMs);
    const base = isOld ? Math.max(1, now - startedAt) : 0;
    const last = { step: 0, n: base };
    return { last, lost: START, base, readFrom: null, events: [], bytes: 0, touchedAt: now };
  }

  #add(run: RunLog, entry: LiveEntry): void {
    const { step, n } = run.last;
    run.last = entry.step > step ? { step: entry.step, n: run.base + 1 } : { step, n: n + 1 };
    if (entry.mode === 'lost') {
      run.lost = run.last;
      return;
    }
    const { mode, type, at, data } = entry;
    const bytes = JSON.stringify(data).length;
    run.events.push({ event: { ...run.last, mode, type, at, data }, bytes });
    run.bytes += bytes;
    this.#bytes += bytes;
    this.#trim(run);
  }

  #trim(run: RunLog): void {
    const { runEvents, runBytes } = this.#limits;
    let count = 0;
    for (const { event, bytes } of run.events) {
      if (run.events.length - count <= runEvents && run.bytes <= runBytes) break;
      run.bytes -= bytes;
      this.#bytes -= bytes;
      run.lost = laterOf(run.lost, placeOf(event));
      count += 1;
    }
    if (count > 0) run.events.splice(0, count);
  }

  /** From the run that was touched longest ago on. */
  #forget(): void {
    const { totalBytes, idleMs } = this.#limits;
    const idleSince = this.#clock.now() - idleMs;
    let looked = 0;
    for (const [runId, run] of this.#runs) {
      looked += 1;
      const isIdle = looked <= LOOKED_AT && run.touchedAt < idleSince;
      if (!isIdle && this.#bytes <= totalBytes) return;
      if (isIdle) this.#runs.delete(runId);
      this.#bytes -= run.bytes;
      if (run.events.length > 0) Object.assign(run, { events: [], bytes: 0, lost: run.last });
    }
  }
}

/** Whether the place was given by a log before this one, or by none. */
function isStrangeTo({ base, last, readFrom }: RunLog, place: Place): boolean {
  if (place.n > 0) return place.n < base || isBefore(last, place);
  return base > 0 && place.step <= (readFrom ?? 0);
}

function placeOf({ step, n }: Place): Place {
  return { step, n };
}
