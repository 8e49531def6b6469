/**
 * Which ready tasks go to their lane at once, and which wait in the store until there is room (rule A1).
 *
 * A list (lane, tenant, priority) holds at most a window of messages, so the broker stays small whatever the backlog, and
 * fairness between tenants is decided before the claim. Once a task had to wait, later ones wait behind it: only the
 * top-up offers then, in order of ready time. What limits hold back goes another way, through the gate.
 */
import type {
  Broker,
  Clock,
  DispatchStore,
  GateStore,
  LaneList,
  LimitStore,
  Log,
  RateLimiter,
  TaskMessage,
} from '../ports/index.ts';
import type { EndpointRooms } from './endpoints/endpoint-rooms.ts';
import { createGate } from './limits/gate.ts';
import type { Gate } from './limits/gate.ts';
import { LimitBook } from './limits/limit-book.ts';
import { listName, listOf } from './messages.ts';

/** Messages that one list holds at most. */
export const WINDOW = 4000;
/** How soon a full list is looked at again. */
const RETRY_MS = 20;
/** An estimate that is higher than this is measured again and again, until it is not. */
const HIGH = WINDOW / 8;
const MEASURE_MS = 50;

export type Admission = {
  /** For one transaction: chooses what it offers, until its messages are published or it is known to have failed. */
  begin(): Offering;
  /** Whether it knows the limits, without which nothing may be offered. */
  readonly isReady: boolean;
  /** Looks whether limits, shares or paused lanes have changed. */
  refresh(): Promise<void>;
  /** Says that this committed task waits: the top-up sets in. */
  waiting(message: TaskMessage): void;
  /** Says that work of this tenant has moved on, and that places may have become free. */
  moved(tenant: string): void;
  /** Looks for lists that have waiting tasks nobody spoke of (another process, a crash). */
  discover(): Promise<void>;
  stop(): Promise<void>;
};

export type Offering = {
  /** Whether a task that becomes ready now may be offered in the same commit. */
  mayOffer(message: TaskMessage): boolean;
  end(): void;
};

export type AdmissionDeps = {
  broker: Broker;
  dispatch: Pick<DispatchStore, 'backlog' | 'topUp'>;
  limits: Pick<LimitStore, 'load'>;
  gate: GateStore;
  rates: RateLimiter;
  /** Without it no task waits for an endpoint. */
  endpoints?: EndpointRooms | null;
  log: Log;
  clock: Clock;
};

type ListState = {
  list: LaneList;
  /** An estimate; between measurements it only grows: workers take messages without telling. */
  depth: number;
  /** Offered by transactions that are under way: a measurement cannot see them yet. */
  underWay: number;
  backlog: boolean;
  /** How often committed tasks were said to wait, and how many transactions are about to say so. */
  waits: number;
  aboutToWait: number;
};

export function createAdmission(deps: AdmissionDeps): Admission {
  return new WindowAdmission(deps);
}

class WindowAdmission implements Admission {
  readonly #deps: AdmissionDeps;
  readonly #book: LimitBook;
  readonly #gate: Gate;
  readonly #lists = new Map<string, ListState>();
  #topUp: Promise<void> | null = null;
  #cancelRetry = () => {};
  #cancelWatch: (() => void) | null = null;
  #stopped = false;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    const { endpoints = null } = deps;
    this.#book = new LimitBook(deps.limits, endpoints);
    this.#gate = createGate({ ...deps, endpoints, book: this.#book, window: WINDOW });
  }

  get isReady(): boolean {
    return this.#book.isRead;
  }

  async refresh(): Promise<void> {
    if (!(await this.#book.refresh())) return;
    const { paused, weights, tenants } = this.#book;
    this.#deps.broker.arrange({ paused: new Set(paused.keys()), weights });
    for (const tenant of tenants) this.#gate.wake(tenant);
    this.#wake();
  }

  begin(): Offering {
    const offered: ListState[] = [];
    const turnedAway = new Set<ListState>();
    return {
      mayOffer: (message) => {
        if (this.#book.holdsBack(message.workflow.tenant, message.limitKey)) return false;
        const state = this.#stateOf(listOf(message));
        if (this.#take(state)) {
          offered.push(state);
          return true;
        }
        if (!turnedAway.has(state)) state.aboutToWait += 1;
        turnedAway.add(state);
        return false;
      },
      end: () => {
        for (const state of offered.splice(0)) state.underWay -= 1;
        for (const state of turnedAway) state.aboutToWait -= 1;
        turnedAway.clear();
        this.#watch();
      },
    };
  }

  waiting(message: TaskMessage): void {
    const { tenant } = message.workflow;
    if (message.limitKey !== undefined || this.#book.isLimited(tenant)) {
      this.#gate.wake(tenant);
      return;
    }
    const state = this.#stateOf(listOf(message));
    state.backlog = true;
    state.waits += 1;
    this.#wake();
  }

  moved(tenant: string): void {
    if (this.#book.knows(tenant) || this.#gate.waitsForEndpoints(tenant)) this.#gate.wake(tenant);
  }

  async discover(): Promise<void> {
    const { dispatch, gate } = this.#deps;
    const [lists, keyed] = await Promise.all([dispatch.backlog(), gate.keyedTenants()]);
    const held = new Set(keyed);
    for (const list of lists) {
      if (this.#book.isLimited(list.tenant)) held.add(list.tenant);
      else this.#stateOf(list).backlog = true;
    }
    for (const tenant of held) this.#gate.wake(tenant);
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry();
    this.#cancelWatch?.();
    await this.#gate.stop();
    await this.#topUp;
  }

  #stateOf(list: LaneList): ListState {
    const name = listName(list);
    const state = this.#lists.get(name) ?? { list, depth: 0, underWay: 0, backlog: false, waits: 0, aboutToWait: 0 };
    this.#lists.set(name, state);
    return state;
  }

  /** Takes a place in the window. */
  #take(state: ListState): boolean {
    if (state.backlog || state.depth >= WINDOW || this.#book.paused.has(state.list.lane)) return false;
    state.depth += 1;
    state.underWay += 1;
    if (state.depth === WINDOW / 2) this.#measure([state]).catch(() => undefined);
    return true;
  }

  #waitingLists(): ListState[] {
    return Array.from(this.#lists.values()).filter((state) => state.backlog && this.#isOpen(state.list));
  }

  /** Nothing is offered to a lane that is paused; and a tenant with limits has another way. */
  #isOpen({ lane, tenant }: LaneList): boolean {
    return !this.#book.paused.has(lane) && !this.#book.isLimited(tenant);
  }

  #wake(): void {
    if (this.#stopped || this.#topUp || this.#waitingLists().length === 0) return;
    this.#topUp = this.#fill()
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'could not top up the lanes'))
      .finally(() => {
        this.#topUp = null;
        this.#cancelRetry();
        if (!this.#stopped) this.#cancelRetry = this.#deps.clock.after(RETRY_MS, () => this.#wake());
      });
  }

  async #fill(): Promise<void> {
    const waiting = this.#waitingLists();
    await this.#measure(waiting);
    for (const state of waiting) {
      if (this.#stopped) return;
      if (state.depth < WINDOW) await this.#topUpList(state, WINDOW - state.depth);
    }
  }

  /** Whoever had to wait meanwhile waits for the next one: until then nobody is offered past them. */
  async #topUpList(state: ListState, room: number): Promise<void> {
    const { waits } = state;
    const messages = await this.#deps.dispatch.topUp(state.list, room);
    state.depth += messages.length;
    state.underWay += messages.length;
    try {
      await this.#deps.broker.publish(messages);
    } finally {
      state.underWay -= messages.length;
    }
    state.backlog = messages.length === room || state.waits > waits || state.aboutToWait > 0;
  }

  /** Without this an estimate would only grow, and tasks wait for a window that has long been empty. */
  #watch(): void {
    const high = Array.from(this.#lists.values()).filter((state) => state.depth >= HIGH);
    if (high.length === 0 || this.#stopped) return;
    this.#cancelWatch ??= this.#deps.clock.after(MEASURE_MS, () => {
      this.#cancelWatch = null;
      this.#measure(high).then(
        () => this.#watch(),
        () => undefined,
      );
    });
  }

  async #measure(states: ListState[]): Promise<void> {
    const depths = await this.#deps.broker.depths(states.map((state) => state.list));
    for (const [index, state] of states.entries()) state.depth = (depths[index] ?? 0) + state.underWay;
  }
}
