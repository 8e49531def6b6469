/** Reads the live events of a run beside its steps, so that each stands at its place between them. */
import type { Event, EventMode } from '@weft/contract';

import { isBefore } from '../../domain/place.ts';
import type { Place } from '../../domain/place.ts';
import type { Clock, HeldEvent, LivePage } from '../../ports/index.ts';
import { within } from '../worker/unless-aborted.ts';
import { toInstant } from './instant.ts';
import type { StepEvents } from './journal-page.ts';
import type { StreamItem } from './run-stream.ts';
import type { SharedRun } from './shared-run.ts';

const PAGE = 200;
/** A log that does not answer in this time holds up no steps. */
const ANSWER_MS = 1000;

type CursorRequest = { runId: string; after: Place; modes: ReadonlySet<EventMode>; signal: AbortSignal };

export class LiveCursor {
  readonly #shared: Pick<SharedRun, 'live'>;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #request: CursorRequest;
  /** Where the log is read on. */
  #after: Place;
  /** What was told last. */
  #told: Place;
  /** Behind what it was last told that something is missing. */
  #gapAfter: Place | null = null;
  #buffer: HeldEvent[] = [];
  #more = false;
  #lost = false;

  constructor(shared: Pick<SharedRun, 'live'>, clock: Pick<Clock, 'after'>, request: CursorRequest) {
    this.#shared = shared;
    this.#clock = clock;
    this.#request = request;
    this.#after = request.after;
    this.#told = request.after;
  }

  /** The steps that follow those told before, up to `step`, and the live events between and after them. */
  async *tell(steps: readonly StepEvents[], step: number): AsyncGenerator<StreamItem, void> {
    // From here on nothing new is given a place before `step`.
    await this.#fill(step);
    for (const { step: number, events } of steps) {
      yield* this.#tellBefore({ step: number, n: 0 }, step);
      if (events.length > 0) yield { kind: 'events', events };
      this.#told = { step: number, n: 0 };
    }
    yield* this.#tellBefore({ step: step + 1, n: 0 }, step);
  }

  async *#tellBefore(place: Place, step: number): AsyncGenerator<StreamItem, void> {
    for (;;) {
      const event = this.#buffer[0];
      if (event === undefined && this.#more) {
        await this.#fill(step);
        continue;
      }
      if (this.#lost) yield* this.#gap();
      if (event === undefined || !isBefore(event, place)) return;
      this.#buffer.shift();
      // The log was away while steps were told that stand behind it.
      if (isBefore(event, this.#told)) this.#lost = true;
      else yield* this.#tellEvent(event);
    }
  }

  *#tellEvent(held: HeldEvent): Generator<StreamItem, void> {
    this.#told = { step: held.step, n: held.n };
    const { runId, modes } = this.#request;
    if (modes.has(held.mode)) yield { kind: 'events', events: [eventOf(runId, held)] };
  }

  /** Once for each place. */
  *#gap(): Generator<StreamItem, void> {
    this.#lost = false;
    if (this.#gapAfter === this.#told) return;
    this.#gapAfter = this.#told;
    yield { kind: 'gap', runId: this.#request.runId, after: this.#told };
  }

  /** While the log is away there are steps only; what was missed by that is found when it is back. */
  async #fill(step: number): Promise<void> {
    // What was read ahead stands behind a step that is to come; nothing is read before it was told.
    if (this.#buffer.length >= PAGE) return void (this.#more = true);
    const page = await this.#read(step);
    this.#more = page?.more ?? false;
    if (!page) return;
    this.#after = page.next;
    this.#lost ||= page.lost;
    this.#buffer.push(...page.events);
  }

  async #read(step: number): Promise<LivePage | null> {
    const { signal } = this.#request;
    try {
      const read = this.#shared.live({ after: this.#after, step, limit: PAGE });
      const page = await within(this.#clock, read, { ms: ANSWER_MS, signal });
      return page === 'late' || page === 'aborted' ? null : page;
    } catch {
      return null;
    }
  }
}

/** Made once for all who read the same page. */
const made = new WeakMap<HeldEvent, Event>();

function eventOf(runId: string, held: HeldEvent): Event {
  const event = made.get(held) ?? { runId, ...held, at: toInstant(held.at) };
  made.set(held, event);
  return event;
}
