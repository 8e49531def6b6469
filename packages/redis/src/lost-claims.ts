type Owner = { lane: string; worker: string };

/** The numbers of claims whose answer did not come, per lane and worker. */
export class LostClaims {
  readonly #byOwner = new Map<string, { owner: Owner; numbers: number[] }>();

  add(owner: Owner, numbers: readonly number[]): void {
    const key = keyOf(owner);
    const known = this.#byOwner.get(key) ?? { owner, numbers: [] };
    known.numbers.push(...numbers);
    this.#byOwner.set(key, known);
  }

  /** Forgets and returns them. */
  take(owner: Owner): number[] {
    const key = keyOf(owner);
    const numbers = this.#byOwner.get(key)?.numbers ?? [];
    this.#byOwner.delete(key);
    return numbers;
  }

  owners(): Owner[] {
    return Array.from(this.#byOwner.values(), ({ owner }) => owner);
  }
}

function keyOf({ lane, worker }: Owner): string {
  return JSON.stringify([lane, worker]);
}
