import type { TaskMessage } from '@weft/engine/ports';

import { IndexedHeap } from './indexed-heap.ts';
import { LinkedList } from './linked-list.ts';

/** A message that the broker holds: waiting in a list, or claimed by `worker`. */
export type HeldMessage = {
  readonly message: TaskMessage;
  worker: string | null;
  prev: HeldMessage | null;
  next: HeldMessage | null;
};

/** How many messages a tenant may have in one of its turns; at least 1. */
export type WeightOf = (tenant: string) => number;

type TenantList = {
  readonly tenant: string;
  readonly waiting: LinkedList<HeldMessage>;
  /** What is left of its turn. */
  credit: number;
  prev: TenantList | null;
  next: TenantList | null;
  heapIndex: number;
};

/**
 * The tenants that wait with one priority on one lane, one list each, served in turn (rule A3).
 *
 * Only tenants with waiting messages are in it, so an operation never meets an empty list. Taking and adding cost
 * O(log tenants), for the oldest head.
 */
export class TenantRing {
  readonly #lists = new Map<string, TenantList>();
  /** The first one has the turn. */
  readonly #turns = new LinkedList<TenantList>();
  readonly #heads = new IndexedHeap<TenantList>((list) => list.waiting.first?.message.readyAt ?? Infinity);
  readonly #weightOf: WeightOf;

  constructor(weightOf: WeightOf) {
    this.#weightOf = weightOf;
  }

  /** The ready time of the oldest message at the head of a list, or null if nothing waits. */
  get oldestReadyAt(): number | null {
    return this.#heads.first?.waiting.first?.message.readyAt ?? null;
  }

  depth(tenant: string): number {
    return this.#lists.get(tenant)?.waiting.length ?? 0;
  }

  pushBack(held: HeldMessage): void {
    const list = this.#listOf(held);
    list.waiting.pushBack(held);
    if (list.waiting.first === held) this.#heads.place(list);
  }

  pushFront(held: HeldMessage): void {
    const list = this.#listOf(held);
    list.waiting.pushFront(held);
    this.#heads.place(list);
  }

  /** Takes a waiting message out, wherever it stands. */
  remove(held: HeldMessage): void {
    const list = this.#listOf(held);
    const wasHead = list.waiting.first === held;
    list.waiting.remove(held);
    if (list.waiting.length === 0) this.#leave(list);
    else if (wasHead) this.#heads.place(list);
  }

  /** Takes the next message of the tenant whose turn it is; null if nothing waits. */
  take(): HeldMessage | null {
    const list = this.#turns.first;
    const held = list?.waiting.first ?? null;
    if (list === null || held === null) return null;
    list.credit--;
    this.remove(held);
    if (list.waiting.length > 0 && list.credit === 0) this.#endTurn(list);
    return held;
  }

  #listOf(held: HeldMessage): TenantList {
    const { tenant } = held.message.workflow;
    const known = this.#lists.get(tenant);
    if (known !== undefined) return known;
    const links = { prev: null, next: null, heapIndex: -1 };
    const list = { tenant, waiting: new LinkedList<HeldMessage>(), credit: this.#creditOf(tenant), ...links };
    this.#lists.set(tenant, list);
    this.#turns.pushBack(list);
    return list;
  }

  #leave(list: TenantList): void {
    this.#lists.delete(list.tenant);
    this.#turns.remove(list);
    this.#heads.remove(list);
  }

  #endTurn(list: TenantList): void {
    list.credit = this.#creditOf(list.tenant);
    this.#turns.remove(list);
    this.#turns.pushBack(list);
  }

  #creditOf(tenant: string): number {
    return Math.max(1, Math.floor(this.#weightOf(tenant)));
  }
}
