import type { Event, SubscriptionId } from '@weft/contract';
import { placeText } from '@weft/engine/domain';
import type { Place } from '@weft/engine/domain';
import type { Clock } from '@weft/engine/ports';

import { jsonOf } from '../stream/event-text.ts';
import type { Outbox } from './outbox.ts';

export type BatchTarget = { id: SubscriptionId; topic: string; outbox: Outbox };
export type BatchTiming = { clock: Pick<Clock, 'after' | 'monotonicMs'>; batchMs: number };

/** A frame of this size goes without waiting for more, so that a poor connection carries at least some of them whole. */
const ENOUGH_BYTES = 32 * 1024;

/**
 * Gathers the events of a run into frames: the first goes at once, the others at most every `batchMs`, and none while the
 * client is slow. All events of a step are in one frame, so that `lastStep` is always a place to go on from.
 */
export class RunBatches {
  readonly #target: BatchTarget;
  readonly #timing: BatchTiming;
  #events: string[] = [];
  #bytes = 0;
  #place: Place;
  #sentAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;
  #gone = Promise.withResolvers<void>();

  constructor(target: BatchTarget, { after, ...timing }: BatchTiming & { after: Place }) {
    this.#target = target;
    this.#timing = timing;
    this.#place = after;
  }

  /** The last place that was taken as a whole. */
  get place(): Place {
    return this.#place;
  }

  /** Takes what belongs together; returns when more may come. */
  async add(events: readonly Event[]): Promise<void> {
    for (const event of events) this.#keep(event);
    if (this.#bytes >= ENOUGH_BYTES && !this.#target.outbox.congested) return this.#sendNow();
    this.#cancel ??= this.#schedule();
    if (this.#target.outbox.full) await this.#gone.promise;
  }

  /** Returns when everything was sent. */
  async flush(): Promise<void> {
    if (this.#events.length > 0) await this.#gone.promise;
  }

  /** Forgets what was not sent, and lets go who waits. */
  close(): void {
    this.#cancel?.();
    this.#forget();
  }

  #keep(event: Event): void {
    const text = jsonOf(event);
    this.#events.push(text);
    this.#bytes += text.length;
    this.#target.outbox.hold(text.length);
    this.#place = { step: event.step, n: event.n ?? 0 };
  }

  #schedule(): () => void {
    const { clock, batchMs } = this.#timing;
    const dueMs = Math.max(0, this.#sentAt + batchMs - clock.monotonicMs());
    return clock.after(dueMs, () => this.#send());
  }

  #sendNow(): void {
    this.#cancel?.();
    this.#send();
  }

  #send(): void {
    const { outbox, id, topic } = this.#target;
    if (outbox.congested) {
      this.#cancel = outbox.onRoom(() => this.#send());
      return;
    }
    const head = JSON.stringify({ t: 'batch', id, topic });
    const last = `"lastStep":${this.#place.step},"lastId":"${placeText(this.#place)}"`;
    const text = `${head.slice(0, -1)},"events":[${this.#events.join(',')}],${last}}`;
    this.#sentAt = this.#timing.clock.monotonicMs();
    this.#forget();
    outbox.sendText(text);
  }

  #forget(): void {
    this.#target.outbox.hold(-this.#bytes);
    this.#events = [];
    this.#bytes = 0;
    this.#cancel = null;
    this.#gone.resolve();
    this.#gone = Promise.withResolvers();
  }
}
