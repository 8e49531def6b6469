/** What the processes of a world share: a store that loses nothing, and a broker that may lose everything. */
import { createMemoryBroker, createMemoryEventBus, createMemoryLiveLog, createMemoryTimers } from '@weft/embedded';
import type { Broker, Clock, DispatchStore, DueTimer, LiveLog, Mail, ResultCache, Timers } from '@weft/engine/ports';
import { createMemoryDispatch, createMemoryFleet, MemoryStores } from '@weft/testing/mesh';
import { createMemoryResultCache } from '@weft/testkit/memory-result-cache';
import { createSeededRandom } from '@weft/testkit/seeded-random';

import type { SimProcess } from './sim-process.ts';
import { BEGINNING } from './sim-process.ts';
import type { World } from './world.ts';

export class Services {
  readonly clock: Clock;
  readonly stores: MemoryStores;
  readonly fleet: ReturnType<typeof createMemoryFleet>;
  readonly dispatch: DispatchStore;
  readonly results: ResultCache;
  broker: Broker;
  live: LiveLog;
  timers: Timers;
  /** Processes that listen to timers, and to revoked runs. */
  readonly timerListeners = new Map<SimProcess, (timers: readonly DueTimer[]) => void>();
  readonly revokeListeners = new Map<SimProcess, (runId: string) => void>();
  /** Ends the claims that wait. */
  readonly waiting = new Set<(why: string) => void>();
  wipes = 0;
  /** The ids of the mail that brought this signal, of all that was ever taken in. */
  readonly #letters = new Map<string, Set<string>>();
  readonly #world: World;

  constructor(world: World) {
    const random = createSeededRandom(world.random.below(2 ** 31));
    const { agenda } = world;
    this.#world = world;
    this.clock = {
      now: () => Math.floor(BEGINNING + agenda.now),
      monotonicMs: () => agenda.now,
      after: (ms, callback) => agenda.after(ms, null, callback),
      randomBytes: (count) => Uint8Array.from({ length: count }, () => random.below(256)),
    };
    this.stores = new MemoryStores(this.clock);
    this.fleet = createMemoryFleet(this.clock);
    this.dispatch = createMemoryDispatch(this);
    this.results = createMemoryResultCache(this.clock);
    [this.broker, this.live, this.timers] = this.#fresh();
  }

  /** Takes note of mail that a run has got. */
  noteMail(runId: string, { id, payload }: Pick<Mail, 'id' | 'payload'>): void {
    const isThere = this.stores.runs.get(runId)?.rows.mail.some((mail) => mail.id === id) ?? false;
    const signal = payload['payload'];
    if (isThere && typeof signal === 'string') this.#letters.set(signal, this.lettersOf(signal).add(id));
  }

  lettersOf(signal: string): Set<string> {
    return this.#letters.get(signal) ?? new Set();
  }

  /** All that the broker knew is gone. */
  wipe(): void {
    this.wipes += 1;
    this.#world.note('broker', 'is wiped');
    [this.broker, this.live, this.timers] = this.#fresh();
    for (const end of Array.from(this.waiting)) end('the broker was wiped');
  }

  #fresh(): [Broker, LiveLog, Timers] {
    const { clock } = this;
    const onListenerError = (error: unknown) => this.#world.violate(`a listener threw: ${String(error)}`);
    const broker = createMemoryBroker({ clock, onListenerError });
    const live = createMemoryLiveLog({ bus: createMemoryEventBus({ onListenerError }), clock });
    const timers = createMemoryTimers({ clock, onListenerError });
    timers.onDue((due) => this.#wake(due, timers));
    return [broker, live, timers];
  }

  /** One of those who listen is told; now and then nobody, or another as well. */
  #wake(due: readonly DueTimer[], by: Timers): void {
    const { faults, random, agenda } = this.#world;
    if (by !== this.timers || faults.strikes('lostWakeUp')) return;
    const count = faults.strikes('doubleWakeUp') ? 2 : 1;
    const listeners = [...this.timerListeners].filter(([process]) => process.isAlive);
    for (let i = 0; i < count && listeners.length > 0; i++) {
      const [process, listener] = random.pick(listeners);
      this.#world.note(process.name, `is woken for ${due.map(({ kind, key }) => `${kind} ${key}`).join(', ')}`);
      agenda.after(this.#world.latency(), process, () => listener(due));
    }
  }
}
