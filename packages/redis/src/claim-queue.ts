/** A claim that found nothing. It is ended once: by what a look has found, or with nothing. */
export type QueuedClaim = {
  /** The wake lists of its lanes. */
  readonly keys: readonly string[];
  /** While it looks, no token is for it. */
  isLooking: boolean;
  /** Looks at its lanes once, and ends the claim if something is there. */
  look(): Promise<void>;
  /** Whether nobody waits for it any more. */
  isOver(): boolean;
  end(): void;
};

/** The claims of a process that wait, in order of arrival. */
export class ClaimQueue {
  readonly #claims = new Set<QueuedClaim>();

  add(claim: QueuedClaim): void {
    this.#claims.add(claim);
  }

  remove(claim: QueuedClaim): void {
    this.#claims.delete(claim);
  }

  /** Those that wait for a token, the longest wait first. */
  idle(): QueuedClaim[] {
    return Array.from(this.#claims).filter((claim) => !claim.isLooking);
  }

  /** The wake lists whose tokens have a taker. */
  keys(): string[] {
    return [...new Set(this.idle().flatMap((claim) => claim.keys))];
  }
}
