import { pointerOf } from '@weft/contract';
import type { Json } from '@weft/contract';

/** The JSON pointers of the `{ secret: NAME }` objects in a value that somebody has written as it is, not as a template. */
export function secretPathsOf(value: Json, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries<Json>(value);
  const [first, ...others] = entries;
  const isSecret = !Array.isArray(value) && first?.[0] === 'secret' && others.length === 0;
  if (isSecret && typeof first[1] === 'string') return [pointerOf(path)];
  return entries.flatMap(([key, part]) => secretPathsOf(part, [...path, key]));
}
