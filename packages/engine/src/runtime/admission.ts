/**
 * Which ready tasks go to their lane at once, and which wait in the store until there is room (rule A1).
 *
 * A list (lane, tenant, priority) holds at most a window of messages, so the broker stays small whatever the backlog, and
 * fairness between tenants is decided before the claim. Once a task had to wait, later ones wait behind it: only the
 * top-up offers then, in order of ready time.
 */
import type { Broker, DispatchStore, LaneList, Log, TaskMessage } from '../ports/index.ts';
import { listName, listOf } from './messages.ts';

/** Messages that one list holds at most. */
export const WINDOW = 1000;
/** How soon a full list is looked at again. */
const RETRY_MS = 20;

export type Admission = {
  /** Whether a task that becomes ready now may be offered in the same commit. */
  mayOffer(message: TaskMessage): boolean;
  /** Says that committed tasks wait on this list: the top-up sets in. */
  waiting(list: LaneList): void;
  /** Looks for lists that have waiting tasks nobody spoke of (another process, a crash). */
  discover(): Promise<void>;
  stop(): Promise<void>;
};

type ListState = { list: LaneList; depth: number; backlog: boolean };

type AdmissionDeps = {
  broker: Broker;
  dispatch: DispatchStore;
  log: Log;
  /** Calls back after `ms`; gives the function that takes it back. */
  after(ms: number, callback: () => void): () => void;
};

export function createAdmission({ broker, dispatch, log, after }: AdmissionDeps): Admission {
  const lists = new Map<string, ListState>();
  let topUp: Promise<void> | null = null;
  let cancelRetry = () => {};
  let stopped = false;

  function stateOf(list: LaneList): ListState {
    const name = listName(list);
    const state = lists.get(name) ?? { list, depth: 0, backlog: false };
    lists.set(name, state);
    return state;
  }

  function wake(): void {
    if (stopped) return;
    topUp ??= fill()
      .catch((error: unknown) => log.warn({ err: error }, 'could not top up the lanes'))
      .finally(() => {
        topUp = null;
        cancelRetry();
        if ([...lists.values()].some((state) => state.backlog)) cancelRetry = after(RETRY_MS, wake);
      });
  }

  async function fill(): Promise<void> {
    const waiting = [...lists.values()].filter((state) => state.backlog);
    await measure(waiting);
    for (const state of waiting) {
      const room = WINDOW - state.depth;
      if (room <= 0) continue;
      state.backlog = false; // a task that has to wait from now on says so again
      const messages = await dispatch.topUp(state.list, room);
      state.depth += messages.length;
      state.backlog ||= messages.length === room;
      await broker.publish(messages);
    }
  }

  async function measure(states: ListState[]): Promise<void> {
    const depths = await broker.depths(states.map((state) => state.list));
    for (const [index, state] of states.entries()) state.depth = depths[index] ?? 0;
  }

  return {
    mayOffer(message) {
      const state = stateOf(listOf(message));
      if (state.backlog || state.depth >= WINDOW) return false;
      state.depth += 1;
      // The estimate only grows between measurements: workers take messages without telling.
      if (state.depth >= WINDOW / 2) measure([state]).catch(() => undefined);
      return true;
    },
    waiting(list) {
      stateOf(list).backlog = true;
      wake();
    },
    async discover() {
      for (const list of await dispatch.backlog()) stateOf(list).backlog = true;
      wake();
    },
    async stop() {
      stopped = true;
      cancelRetry();
      await topUp;
    },
  };
}
