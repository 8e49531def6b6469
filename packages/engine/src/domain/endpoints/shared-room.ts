/**
 * Places of endpoints, which several keys may take: a task with one key can go to any of some endpoints, and one of those may be
 * the only one for another key. A place is given if all that have one can still be put somewhere.
 */
export class SharedRoom {
  /** Places that are left. */
  readonly #left: Map<string, number>;
  readonly #endpointsOf: (key: string) => readonly string[];
  /** For each endpoint, how many of its places are put down to each key. */
  readonly #taken = new Map<string, Map<string, number>>();

  /** `places`: of each endpoint; `endpointsOf`: those that can take tasks with the key. */
  constructor(places: ReadonlyMap<string, number>, endpointsOf: (key: string) => readonly string[]) {
    this.#left = new Map(places);
    this.#endpointsOf = endpointsOf;
  }

  /** Takes places for so many tasks with the key, as far as there are any. Returns how many. */
  take(key: string, count: number): number {
    let taken = 0;
    while (taken < count) {
      const got = this.#takeSome(key, count - taken, new Set());
      if (got === 0) break;
      taken += got;
    }
    return taken;
  }

  /** At most `most`: at an endpoint with room, or in the place of tasks with another key that find one elsewhere. */
  #takeSome(key: string, most: number, seen: Set<string>): number {
    const endpoints = this.#endpointsOf(key).filter((endpoint) => !seen.has(endpoint));
    for (const endpoint of endpoints) {
      const got = Math.min(most, this.#left.get(endpoint) ?? 0);
      if (got <= 0) continue;
      this.#left.set(endpoint, (this.#left.get(endpoint) ?? 0) - got);
      this.#put(endpoint, key, got);
      return got;
    }
    for (const endpoint of endpoints) {
      seen.add(endpoint);
      for (const [other, held] of this.#taken.get(endpoint) ?? []) {
        const moved = other === key ? 0 : this.#takeSome(other, Math.min(most, held), seen);
        if (moved === 0) continue;
        this.#put(endpoint, other, -moved);
        this.#put(endpoint, key, moved);
        return moved;
      }
    }
    return 0;
  }

  #put(endpoint: string, key: string, more: number): void {
    const held = this.#taken.get(endpoint) ?? new Map<string, number>();
    held.set(key, (held.get(key) ?? 0) + more);
    if (held.get(key) === 0) held.delete(key);
    this.#taken.set(endpoint, held);
  }
}
