/** Starts runs at a steady pace, whatever becomes of them, and tells how long each took from its call to its end. */
import { setTimeout as delay } from 'node:timers/promises';

import type { WorkflowVersion } from '@weft/contract';

import { BULK } from './side.ts';
import { startMany } from './weft-side.ts';
import type { Weft } from './weft.ts';

const TICK_MS = 100;

export class OpenLoop {
  readonly #weft: Weft;
  readonly #workflow: WorkflowVersion;
  readonly #startedAt = new Map<string, number>();
  /** Ends that came before the answer to the call. */
  readonly #early = new Map<string, number>();
  #took: number[] = [];
  #calls = 0;
  started = 0;
  refused = 0;

  constructor(weft: Weft, workflow: WorkflowVersion) {
    this.#weft = weft;
    this.#workflow = workflow;
    weft.endings.listener = (id) => this.#end(id);
  }

  /** Runs that have not ended. */
  get open(): number {
    return this.#startedAt.size;
  }

  /** How long the runs took that have ended since this was asked last, ms. */
  take(): number[] {
    const took = this.#took;
    this.#took = [];
    return took;
  }

  /** So many a second, in one call every 100 ms, until the time is over. */
  async run(rate: number, seconds: number): Promise<void> {
    const [begin, before] = [performance.now(), this.started];
    for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - begin) / 1000) {
      const due = Math.floor(rate * elapsed) - (this.started - before);
      for (let left = due; left > 0; left -= BULK) this.#start(Math.min(left, BULK));
      await delay(TICK_MS);
    }
    while (this.#calls > 0) await delay(TICK_MS);
  }

  #start(count: number): void {
    const calledAt = performance.now();
    const requests = Array.from({ length: count }, () => ({ workflow: this.#workflow }));
    this.started += count;
    this.#calls += 1;
    startMany(this.#weft, requests)
      .then(
        (ids) => {
          for (const id of ids) this.#know(id, calledAt);
        },
        () => (this.refused += count),
      )
      .finally(() => (this.#calls -= 1))
      .catch(console.error);
  }

  #know(id: string, calledAt: number): void {
    const endedAt = this.#early.get(id);
    if (endedAt === undefined) this.#startedAt.set(id, calledAt);
    else this.#took.push(endedAt - calledAt);
    this.#early.delete(id);
  }

  #end(id: string): void {
    const calledAt = this.#startedAt.get(id);
    if (calledAt === undefined) this.#early.set(id, performance.now());
    else this.#took.push(performance.now() - calledAt);
    this.#startedAt.delete(id);
  }
}
