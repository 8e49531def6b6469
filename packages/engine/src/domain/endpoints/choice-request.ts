/** What is asked for where an endpoint is to be chosen, and what is known of those that may be. */

/** An endpoint that may be chosen, of which so much is looked at. */
export type EndpointCandidate = {
  name: string;
  model: string | null;
  tags: readonly string[];
  specialties: readonly string[];
  isDraining: boolean;
  isHealthy: boolean | null;
};

export type ChoiceRequest = {
  /** Any of them will do; none: every endpoint will. */
  tags: readonly string[];
  specialty: string | null;
  model: string | null;
  /** That one and no other, whatever its tags and its model. */
  pin: string | null;
  /** The first of these that can be used, if any can. */
  prefer: readonly string[];
  /**
   * The endpoint of the conversation so far. `holdsIt`: the conversation lies there and nowhere else, so that one that has no
   * room at present is waited for.
   */
  session: { name: string; holdsIt: boolean } | null;
  /** Those at which this task has failed before: they come last. */
  tried: readonly string[];
  /** What the call may cost there, USD; null: its price is not known. */
  costOf: (name: string) => number | null;
};
