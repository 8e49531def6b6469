/**
 * The way on for tasks that limits hold back: one pass after the other for each tenant, in one process at a time. What is
 * offered counts until it has ended, so a limit holds exactly, whatever dies or is lost (rule A1).
 */
import { chooseTasks } from '../../domain/limits/choose-tasks.ts';
import type { Candidate, Room } from '../../domain/limits/choose-tasks.ts';
import { ANY_LANE, isAnyLane } from '../../ports/index.ts';
import type { Broker, Clock, GateStore, GateView, LaneList, Log, RateLimiter } from '../../ports/index.ts';
import { freeAtOf, roomLeft } from '../endpoints/endpoint-rooms.ts';
import type { EndpointRooms, SeenEndpoint } from '../endpoints/endpoint-rooms.ts';
import { listName } from '../messages.ts';
import type { LimitBook } from './limit-book.ts';

export type Gate = {
  /** Says that tasks of this tenant are held back, or that places may have become free. */
  wake(tenant: string): void;
  /** Whether tasks of this tenant wait for endpoints, as far as the last look has shown. */
  waitsForEndpoints(tenant: string): boolean;
  stop(): Promise<void>;
};

export type GateDeps = {
  gate: GateStore;
  rates: RateLimiter;
  broker: Pick<Broker, 'publish' | 'depths'>;
  clock: Clock;
  log: Log;
  book: LimitBook;
  endpoints: EndpointRooms | null;
  /** Messages that one list of a lane holds at most. */
  window: number;
};

/** As many candidates of one list, and of one key, are looked at; where there may be more is looked again at once. */
const PER_LIST = 500;
const PER_KEY = 50;
/** Another process was at it: it may not have seen what became free meanwhile. */
const BUSY_RETRY_MS = 15;
const FAULT_RETRY_MS = 500;
/** A full lane is looked at again. */
const FULL_RETRY_MS = 50;
/** So long after a change other processes may still offer without giving places. */
const SETTLING_MS = 15_000;
const ADOPT_EVERY_MS = 1000;
/** A process that was frozen over a change may offer at any time. */
const ADOPT_ANYWAY_MS = 60_000;

/** Where tasks wait for endpoints, these are looked at again: when one is said to have room, and in any case after so long. */
const ENDPOINT_LOOK_MS = 500;
const SOONEST_LOOK_MS = 20;

/** When the next pass is due: at once, after a while, or once somebody says so. */
type Next = 'now' | number | null;

type TenantGate = {
  passing: Promise<void> | null;
  again: boolean;
  cancelRetry: () => void;
  afterKey: string | null;
  adoptedAt: number | null;
  /** Of endpoints: the keys with which tasks wait. */
  awaited: Set<string>;
  cancelLook: () => void;
};

/** What a pass has seen of endpoints; `taken`: the places that were taken then. */
type Endpoints = { seen: SeenEndpoint[]; taken: GateView['taken'] };

export function createGate(deps: GateDeps): Gate {
  return new Gates(deps);
}

class Gates implements Gate {
  readonly #deps: GateDeps;
  readonly #tenants = new Map<string, TenantGate>();
  #stopped = false;

  constructor(deps: GateDeps) {
    this.#deps = deps;
  }

  wake(tenant: string): void {
    if (this.#stopped) return;
    const state = this.#stateOf(tenant);
    state.again = true;
    state.passing ??= this.#passAll(tenant, state).finally(() => {
      state.passing = null;
      if (state.again) this.wake(tenant);
    });
  }

  waitsForEndpoints(tenant: string): boolean {
    return (this.#tenants.get(tenant)?.awaited.size ?? 0) > 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { cancelRetry, cancelLook } of this.#tenants.values()) {
      cancelRetry();
      cancelLook();
    }
    await Promise.all(Array.from(this.#tenants.values(), async ({ passing }) => passing));
  }

  #stateOf(tenant: string): TenantGate {
    const known = this.#tenants.get(tenant);
    if (known) return known;
    const state: TenantGate = {
      passing: null,
      again: false,
      cancelRetry: () => {},
      afterKey: null,
      adoptedAt: null,
      awaited: new Set(),
      cancelLook: () => {},
    };
    this.#tenants.set(tenant, state);
    return state;
  }

  async #passAll(tenant: string, state: TenantGate): Promise<void> {
    while (state.again && !this.#stopped) {
      state.again = false;
      state.cancelRetry();
      state.cancelLook();
      const next = await this.#passSafely(tenant, state);
      if (next === 'now') state.again = true;
      else if (next !== null) state.cancelRetry = this.#deps.clock.after(next, () => this.wake(tenant));
    }
  }

  async #passSafely(tenant: string, state: TenantGate): Promise<Next> {
    try {
      return await this.#pass(tenant, state);
    } catch (error) {
      this.#deps.log.warn({ err: error, tenant }, 'could not let tasks of a limited tenant go on; trying again');
      return FAULT_RETRY_MS;
    }
  }

  async #pass(tenant: string, state: TenantGate): Promise<Next> {
    const { gate, broker, book, endpoints } = this.#deps;
    const now = this.#deps.clock.monotonicMs();
    const adopts = this.#isToAdopt(tenant, state, now);
    const isLimited = book.isLimited(tenant);
    const perList = Math.min(book.ofTenant(tenant).maxConcurrent ?? PER_LIST, PER_LIST);
    const awaited = new Set(state.afterKey === null ? [] : state.awaited);
    const perKey = (key: string, taken: number) => {
      if (endpoints?.holdsBack(key)) awaited.add(key);
      return Math.max(0, Math.min(this.#mostOf(tenant, key) - taken, perList, PER_KEY));
    };
    const request = { tenant, isLimited, perList, perKey, afterKey: state.afterKey, adopts };
    let next: Next = null;
    const messages = await gate.pass(request, async (view) => {
      const seen = await this.#lookAt(tenant, awaited, view.taken);
      const choice = await this.#choose(tenant, view, seen);
      state.afterKey = view.nextKey;
      next = view.nextKey === null ? choice.next : 'now';
      if (seen) this.#lookLater(tenant, state, seen);
      return choice.chosen;
    });
    if (messages === null) return BUSY_RETRY_MS;
    state.awaited = awaited;
    if (adopts) state.adoptedAt = now;
    if (messages.length > 0) await broker.publish(messages);
    return next;
  }

  #isToAdopt(tenant: string, { adoptedAt }: TenantGate, now: number): boolean {
    if (adoptedAt === null) return true;
    // The instant of the change is the database's; a clock that is far off costs a look now and then.
    const isSettling = this.#deps.clock.now() - this.#deps.book.changedAt(tenant) < SETTLING_MS;
    return now - adoptedAt > (isSettling ? ADOPT_EVERY_MS : ADOPT_ANYWAY_MS);
  }

  /** How many tasks with the key may be under way, as far as nothing has to be looked up. */
  #mostOf(tenant: string, key: string): number {
    const { book, endpoints } = this.#deps;
    const most = book.ofKey(tenant, key).maxConcurrent ?? PER_KEY;
    return endpoints?.holdsBack(key) ? Math.min(most, endpoints.placesOf(tenant, key)) : most;
  }

  /** Null where no task waits for an endpoint. Those with a place may be with an endpoint that others wait for. */
  async #lookAt(tenant: string, awaited: ReadonlySet<string>, taken: GateView['taken']): Promise<Endpoints | null> {
    const { endpoints } = this.#deps;
    if (endpoints === null || awaited.size === 0) return null;
    const others = Array.from(taken.keys()).filter((key) => key !== null && endpoints.holdsBack(key));
    return { seen: await endpoints.look(tenant, [...awaited, ...(others as string[])]), taken };
  }

  /** Nobody tells when a circuit closes, a rate has room or an endpoint comes; looking at that needs no pass. */
  #lookLater(tenant: string, state: TenantGate, { seen, taken }: Endpoints): void {
    const { clock, log } = this.#deps;
    const freeAt = freeAtOf(seen);
    const soonest = freeAt === null ? ENDPOINT_LOOK_MS : Math.max(SOONEST_LOOK_MS, freeAt - clock.now());
    state.cancelLook();
    if (this.#stopped) return;
    state.cancelLook = clock.after(Math.min(soonest, ENDPOINT_LOOK_MS), () => {
      this.#lookAt(tenant, state.awaited, taken).then(
        (again) => {
          if (again === null || this.#stopped) return;
          const room = roomLeft(again.seen, taken);
          if (Array.from(state.awaited).some((key) => room.take(key, 1) === 1)) this.wake(tenant);
          else if (state.passing === null) this.#lookLater(tenant, state, again);
        },
        (error: unknown) => {
          log.warn({ err: error, tenant }, 'could not look at the endpoints that tasks wait for');
          this.wake(tenant);
        },
      );
    });
  }

  /** What has no place, no lane or no room there is left; what must not begin so soon is found out in one step for all. */
  async #choose(
    tenant: string,
    view: GateView,
    endpoints: Endpoints | null,
  ): Promise<{ chosen: Candidate[]; next: Next }> {
    const usable = view.candidates.filter(({ lane }) => this.#isServed(lane, view.served));
    const rooms = await this.#roomOnLanes(tenant, usable);
    const isFull = Array.from(rooms.values()).some((room) => room <= 0);
    let left = usable;
    let next: Next = isFull ? FULL_RETRY_MS : null;
    const chosen: Candidate[] = [];
    const late = new Set<string | null>();
    for (;;) {
      const some = chooseTasks(left, this.#roomOf(tenant, { view, rooms, chosen, endpoints }));
      const waits = await this.#spend(tenant, view.now, some);
      const admitted = some.filter((_, index) => waits[index] === 0);
      chosen.push(...admitted);
      for (const [index, { limitKey }] of some.entries()) if (waits[index] !== 0) late.add(limitKey);
      if (admitted.length === some.length) break;
      next = sooner(next, Math.min(...waits.filter((ms) => ms > 0)));
      left = left.filter((one) => !late.has(one.limitKey) && !some.includes(one));
    }
    return { chosen, next: chosen.length > 0 && view.candidates.length >= PER_KEY ? 'now' : next };
  }

  async #spend(tenant: string, now: number, some: readonly Candidate[]): Promise<number[]> {
    const { book, rates } = this.#deps;
    const requests = some.map(({ limitKey, keepsPlace }) => (keepsPlace ? [] : book.ratesOf(tenant, limitKey)));
    if (requests.every((keys) => keys.length === 0)) return requests.map(() => 0);
    return rates.admit(tenant, now, requests);
  }

  /** A lane that is paused, or that nobody serves, must not take places from others. */
  #isServed(lane: string, served: readonly string[]): boolean {
    if (this.#deps.book.paused.has(lane)) return false;
    return served.includes(lane) || (isAnyLane(lane) && served.includes(ANY_LANE));
  }

  async #roomOnLanes(tenant: string, candidates: readonly Candidate[]): Promise<Map<string, number>> {
    const { broker, book, window } = this.#deps;
    const most = book.ofTenant(tenant).maxConcurrent;
    // Whoever has so few on their way cannot fill a lane.
    if (most !== null && most <= window) return new Map();
    const lists = new Map<string, LaneList>(
      candidates.map(({ lane, priority }) => [listName({ lane, tenant, priority }), { lane, tenant, priority }]),
    );
    const depths = await broker.depths(Array.from(lists.values()));
    return new Map(Array.from(lists.keys(), (name, index) => [name, window - (depths[index] ?? 0)]));
  }

  #roomOf(tenant: string, { view, rooms, chosen, endpoints }: RoomSight): Room {
    const { book } = this.#deps;
    const taken = Array.from(view.taken.values()).reduce((sum, count) => sum + count, chosen.length);
    const list = ({ lane, priority }: Candidate) => listName({ lane, tenant, priority });
    return {
      all: (book.ofTenant(tenant).maxConcurrent ?? Number.POSITIVE_INFINITY) - taken,
      ofKey: (key: string) => {
        const most = book.ofKey(tenant, key).maxConcurrent ?? Number.POSITIVE_INFINITY;
        return most - (view.taken.get(key) ?? 0) - chosen.filter(({ limitKey }) => limitKey === key).length;
      },
      ofList: (candidate: Candidate) => {
        const room = rooms.get(list(candidate)) ?? Number.POSITIVE_INFINITY;
        return room - chosen.filter((one) => list(one) === list(candidate)).length;
      },
      ...(endpoints && { take: this.#takeOf(endpoints, chosen) }),
    };
  }

  #takeOf({ seen, taken }: Endpoints, chosen: readonly Candidate[]): (candidate: Candidate) => boolean {
    const room = roomLeft(seen, taken);
    for (const { limitKey } of chosen)
      if (limitKey !== null && this.#deps.endpoints?.holdsBack(limitKey)) room.take(limitKey, 1);
    return ({ limitKey }) => {
      return limitKey === null || !this.#deps.endpoints?.holdsBack(limitKey) || room.take(limitKey, 1) === 1;
    };
  }
}

type RoomSight = {
  view: GateView;
  rooms: Map<string, number>;
  chosen: Candidate[];
  endpoints: Endpoints | null;
};

function sooner(next: Next, ms: number): Next {
  return typeof next === 'number' ? Math.min(next, ms) : ms;
}
