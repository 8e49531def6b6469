/** Values as rows hold them, and what must hold of them. */

/** Says what is broken, at the place where it broke. */
export function mustBe(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A copy of values, lists, objects, maps and sets: much faster than what is built in, which takes most of the time of tests. */
export function copy<T>(value: T): T {
  return copied(value) as T;
}

function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  if (value instanceof Map) return new Map(Array.from(value, ([key, child]) => [key, copied(child)]));
  if (value instanceof Set) return new Set(value);
  const all: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) all[key] = copied(child);
  return all;
}

/** A copy that nobody can change. */
export function frozen<T>(value: T): T {
  return freeze(copy(value));
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const child of Object.values(value)) freeze(child);
  return Object.freeze(value);
}
