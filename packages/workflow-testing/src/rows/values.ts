/** Values as rows hold them, and what must hold of them. */

/** Says what is broken, at the place where it broke. */
export function mustBe(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function copy<T>(value: T): T {
  return structuredClone(value);
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
