/** Epoch milliseconds with fractions that only grow: one clock for everything that this process measures. */
export function instant(): number {
  return performance.timeOrigin + performance.now();
}
