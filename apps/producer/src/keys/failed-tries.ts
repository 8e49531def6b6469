import type { Clock } from '@weft/engine/ports';

/** How many wrong keys an address may send at once, and how often one more. */
export const MOST_TRIES = 20;
const REFILL_MS = 3000;
/** Addresses that are remembered; the one that failed longest ago is forgotten first. */
const MOST_ADDRESSES = 10_000;

type Tries = { left: number; at: number };

/** Counts wrong keys by the address that they come from. */
export class FailedTries {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #byNet = new Map<string, Tries>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** After how many seconds the address may try again; 0: at once. */
  retryAfterS(address: string): number {
    const tries = this.#byNet.get(netOf(address));
    if (!tries) return 0;
    const left = this.#leftOf(tries);
    return left >= 1 ? 0 : Math.ceil(((1 - left) * REFILL_MS) / 1000);
  }

  note(address: string): void {
    const net = netOf(address);
    const tries = this.#byNet.get(net);
    const left = Math.max(0, (tries ? this.#leftOf(tries) : MOST_TRIES) - 1);
    this.#byNet.delete(net);
    this.#byNet.set(net, { left, at: this.#clock.monotonicMs() });
    const [oldest] = this.#byNet.keys();
    if (this.#byNet.size > MOST_ADDRESSES && oldest !== undefined) this.#byNet.delete(oldest);
  }

  #leftOf({ left, at }: Tries): number {
    return Math.min(MOST_TRIES, left + (this.#clock.monotonicMs() - at) / REFILL_MS);
  }
}

/** Whoever has one IPv6 address has the 2^64 of its network. */
function netOf(address: string): string {
  if (address.includes('.') || !address.includes(':')) return address;
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}
