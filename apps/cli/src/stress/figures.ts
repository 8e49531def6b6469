/** A distribution in milliseconds; null where nothing was measured. */
export type Figures = { p50: number; p95: number; p99: number; max: number };

/** Nearest-rank quantiles. */
export function figuresOf(values: readonly number[]): Figures | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => rounded(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** Tenths are enough: instants of the database come in milliseconds. */
export function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
