/** Time and chance, the only sources of them. */
export type Clock = {
  /** Epoch milliseconds of this process; for logs and ids, never for decisions about a run. */
  now(): number;
  /** Milliseconds that only grow, for durations. */
  monotonicMs(): number;
  /** Calls back once after at least `ms`. Returns the function that takes it back. */
  after(ms: number, callback: () => void): () => void;
  randomBytes(count: number): Uint8Array;
};
