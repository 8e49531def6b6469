/** What limits say, and which one holds for what. */

/** At most `count` starts in `perMs`, evenly, of which `burst` may come at once. */
export type Rate = { count: number; perMs: number; burst: number };

/** Tasks that may be on their way to workers or running at once, and starts in a time; null: as many as there are. */
export type Limit = { maxConcurrent: number | null; rate: Rate | null };

/** Whether it limits anything. */
export function isLimiting({ maxConcurrent, rate }: Limit): boolean {
  return maxConcurrent !== null || rate !== null;
}

/** Whether this limit speaks for the key: by its name, or by its beginning where it ends with `*`. */
export function speaksFor(pattern: string, key: string): boolean {
  return pattern === key || (pattern.endsWith('*') && key.startsWith(pattern.slice(0, -1)));
}

/** The limit that speaks for a key: that of its own name, else the one with the longest beginning. */
export function limitOf<L extends { key: string }>(limits: readonly L[], key: string): L | null {
  const speaking = limits.filter((limit) => speaksFor(limit.key, key));
  return (
    speaking.find((limit) => limit.key === key) ?? speaking.toSorted((a, b) => b.key.length - a.key.length)[0] ?? null
  );
}
