/** Epoch milliseconds as the wire writes instants: ISO 8601 in UTC. */
export function toInstant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** The same for an instant that may not have come yet. */
export function toInstantOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : toInstant(epochMs);
}
