/** One world: time, chance, processes, and the one funnel that all their calls go through. */
import { createSeededRandom } from '@weft/testkit/seeded-random';
import type { SeededRandom } from '@weft/testkit/seeded-random';

import { Agenda } from './agenda.ts';
import { FaultPlan } from './fault-plan.ts';
import { SimProcess } from './sim-process.ts';
import { Trace } from './trace.ts';

/** One call of a port. */
export type Call<T> = {
  name: string;
  detail?: string;
  /** What is done where the port leads to; at once, and whole. */
  run: () => T | Promise<T>;
  /** The error that the caller gets where the connection breaks. */
  broken: (outcomeUnknown: boolean) => Error;
  mayHappenTwice?: boolean;
  /** Called in the place of the caller if it cannot hear the answer any more. */
  unheard?: (answer: T) => void;
};

const SLOW_MS = 2500;
const LATE_MS = 1500;
const SKEW_MS = 300_000;

export class World {
  readonly seed: number;
  readonly agenda = new Agenda();
  readonly trace = new Trace();
  readonly random: SeededRandom;
  readonly faults: FaultPlan;
  /** What is wrong; the first says most. */
  readonly violations: string[] = [];
  calls = 0;
  #born = 0;

  constructor(seed: number, faults: readonly string[] | null) {
    this.seed = seed;
    this.random = createSeededRandom(seed);
    this.faults = new FaultPlan(createSeededRandom(this.random.below(2 ** 31)), faults);
  }

  spawn(name: string): SimProcess {
    this.#born += 1;
    const skewMs = this.faults.on.has('skew') ? this.random.below(2 * SKEW_MS) - SKEW_MS : 0;
    const process = new SimProcess(this.agenda, { name, seed: this.random.below(2 ** 31), skewMs });
    this.note(name, `begins (${this.#born})`);
    return process;
  }

  kill(process: SimProcess, why: string): void {
    if (!process.isAlive) return;
    this.note(process.name, `is killed: ${why}`);
    process.kill();
  }

  note(who: string, what: string): void {
    this.trace.add(this.agenda.now, who, what);
  }

  violate(what: string): void {
    this.violations.push(what);
    this.note('world', `VIOLATION ${what}`);
  }

  /** How long a message is on its way: mostly not long, so that they overtake each other. */
  latency(): number {
    const { random } = this;
    return random.chance(0.1) ? random.below(3000) / 100 : random.below(200) / 100;
  }

  /** One call of a port. A caller that dies meanwhile never hears of it. */
  call<T>(process: SimProcess, call: Call<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (!process.isAlive) return promise;
    this.calls += 1;
    const fault = this.faults.draw(call.name, call.mayHappenTwice ?? false);
    this.note(process.name, `${call.name}${call.detail ? ` ${call.detail}` : ''}${fault ? ` !${fault}` : ''}`);
    const there = this.latency() + (fault === 'slow' ? this.random.below(SLOW_MS) : 0);
    const fail = (ms: number, unknown: boolean) => this.agenda.after(ms, process, () => reject(call.broken(unknown)));
    if (fault === 'crashBefore') this.kill(process, 'before it has asked');
    else if (fault === 'errorBefore') fail(there, this.random.chance(0.5));
    else if (fault === 'late') {
      fail(there, true);
      this.agenda.after(there + this.random.below(LATE_MS), null, () => void this.#perform(call, process, null));
    } else
      this.agenda.after(there, null, () => {
        if (fault === 'twice') void this.#perform(call, process, null);
        void this.#perform(call, process, { resolve, reject }, fault === 'errorAfter');
        if (fault === 'crashAfter') this.kill(process, `after ${call.name}`);
      });
    return promise;
  }

  /** Does it, and sends the answer back, if anybody waits for one. */
  async #perform<T>(
    call: Call<T>,
    process: SimProcess,
    answer: { resolve: (value: T) => void; reject: (error: unknown) => void } | null,
    isLost = false,
  ): Promise<void> {
    try {
      const value = await call.run();
      if (!answer || isLost || !process.isAlive) call.unheard?.(value);
      if (!answer) return;
      const back = this.latency();
      if (isLost) this.agenda.after(back, process, () => answer.reject(call.broken(true)));
      else this.agenda.after(back, process, () => answer.resolve(value));
    } catch (error) {
      if (answer) this.agenda.after(this.latency(), process, () => answer.reject(error));
    }
  }
}
