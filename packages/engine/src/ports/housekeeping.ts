/** Work that is done once in a while, by any process of the fleet. It may come late, or twice, and does no harm then. */
export type Chore = { name: string; everyMs: number };

/** Whose turn it is. However many processes keep house together, a chore has one turn in its period. */
export type Housekeeping = {
  /**
   * Sees to it that each of these has its turns, the first at once. Asked again it disturbs nothing and mends what was
   * lost; another period counts from then on.
   */
  keep(chores: readonly Chore[]): Promise<void>;
  /** Gives turns to `work`, by the name of the chore, until the returned function is called. */
  onTurn(work: (name: string) => Promise<void>): () => void;
};
