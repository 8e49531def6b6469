/**
 * Worker processes whose number follows the demand: decided anew in each interval, started at once, and stopped in good order:
 * what they run ends or is handed back. Those that are still ending count in the upper bound.
 */
import { systemClock } from '@weft/embedded';
import type { ScalingDecision } from '@weft/engine/ports';

import type { RunningProcess } from './running-process.ts';
import { Place } from './worker-place.ts';
import type { PlaceOptions } from './worker-place.ts';

export type ScalerOptions = PlaceOptions & {
  min: number;
  max: number;
  intervalMs: number;
  /** Decides for so many workers. */
  decide: (workers: number) => Promise<ScalingDecision>;
  /** Hears of a change that was made, with the numbers before and after. */
  record: (decision: ScalingDecision, change: { from: number; to: number }) => Promise<void>;
};

/** Starts the fewest workers that there may be, and goes on from there. */
export function scaleWorkers(options: ScalerOptions): RunningProcess {
  const scaler = new Scaler(options);
  scaler.start();
  return {
    hurry: () => scaler.hurry(),
    stop: () => scaler.stop(),
  };
}

class Scaler {
  readonly #options: ScalerOptions;
  /** Those that shall work, the oldest first. */
  readonly #working: Place[] = [];
  readonly #ending = new Set<Place>();
  #isStopping = false;
  #cancelTurn = () => {};
  #turn: Promise<void> = Promise.resolve();

  constructor(options: ScalerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#adjust(this.#options.min);
    this.#later();
  }

  hurry(): void {
    for (const place of this.#ending) place.hurry();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelTurn();
    await this.#turn;
    await Promise.all([...this.#working.splice(0).map((place) => this.#end(place)), ...this.#ended()]);
  }

  #later(): void {
    this.#cancelTurn = systemClock.after(this.#options.intervalMs, () => {
      this.#turn = this.#decide().finally(() => {
        if (!this.#isStopping) this.#later();
      });
    });
  }

  async #decide(): Promise<void> {
    const { decide, record, log } = this.#options;
    try {
      const decision = await decide(this.#working.length);
      const from = this.#working.length;
      if (decision.action === 'hold' || this.#isStopping) return;
      this.#adjust(decision.workersWanted);
      const to = this.#working.length;
      const { action, reason, demandScore, queueDepth, avgLatencyMs, healthScore } = decision;
      if (to === from) return;
      log.info({ action, reason, from, to, demandScore, queueDepth, avgLatencyMs, healthScore }, 'workers are scaled');
      await record(decision, { from, to });
    } catch (error) {
      log.warn({ err: error }, 'could not decide how many workers there shall be; trying again');
    }
  }

  /** Those that began last are ended first. */
  #adjust(wanted: number): void {
    const room = Math.min(wanted, this.#options.max - this.#ending.size);
    while (this.#working.length < room) this.#begin();
    for (const place of this.#working.splice(Math.max(wanted, this.#options.min))) void this.#end(place);
  }

  #begin(): void {
    const place = new Place(this.#options);
    this.#working.push(place);
    // Drained by somebody: whether another one is needed is decided in the next turn.
    void place.left.then(() => {
      const index = this.#working.indexOf(place);
      if (index >= 0) this.#working.splice(index, 1);
    });
    place.start();
  }

  #end(place: Place): Promise<void> {
    this.#ending.add(place);
    return place.stop().finally(() => this.#ending.delete(place));
  }

  #ended(): Promise<void>[] {
    return Array.from(this.#ending, (place) => place.ended);
  }
}
