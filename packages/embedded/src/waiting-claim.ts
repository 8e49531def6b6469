import type { ClaimRequest, TaskMessage } from '@weft/engine/ports';

/** A claim that found nothing and waits on its lanes. It is ended once: by messages, or empty by its signal. */
export type WaitingClaim = {
  readonly worker: string;
  readonly limit: number;
  end(messages: TaskMessage[]): void;
};

/** Claims that wait, per lane in order of arrival. */
export class WaitingClaims {
  readonly #byLane = new Map<string, Set<WaitingClaim>>();

  count(lane: string): number {
    return this.#byLane.get(lane)?.size ?? 0;
  }

  /** The claim that has waited longest on the lane. */
  first(lane: string): WaitingClaim | null {
    for (const claim of this.#byLane.get(lane) ?? []) return claim;
    return null;
  }

  /** Waits until the claim is ended by what is handed to it, or by its signal. */
  wait({ worker, lanes, limit, signal }: ClaimRequest): Promise<TaskMessage[]> {
    const { promise, resolve } = Promise.withResolvers<TaskMessage[]>();
    const onAbort = (): void => claim.end([]);
    const claim: WaitingClaim = {
      worker,
      limit,
      end: (messages) => {
        this.#leave(lanes, claim);
        signal.removeEventListener('abort', onAbort);
        resolve(messages);
      },
    };
    signal.addEventListener('abort', onAbort);
    for (const lane of lanes) this.#claimsOn(lane).add(claim);
    return promise;
  }

  #claimsOn(lane: string): Set<WaitingClaim> {
    const known = this.#byLane.get(lane);
    if (known !== undefined) return known;
    const claims = new Set<WaitingClaim>();
    this.#byLane.set(lane, claims);
    return claims;
  }

  #leave(lanes: readonly string[], claim: WaitingClaim): void {
    for (const lane of lanes) {
      const claims = this.#byLane.get(lane);
      claims?.delete(claim);
      if (claims?.size === 0) this.#byLane.delete(lane);
    }
  }
}
