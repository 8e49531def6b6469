/**
 * The path language: dotted keys, `[N]` (from the end when negative) and `["any key"]`, as in `items[0].name`, `m[-1]`.
 * What is missing is null, never an error.
 */
import type { Json } from '@weft/contract';
import { ExpressionError } from './expression-error.ts';

export type Path = (string | number)[];

const SEGMENT = /\.?([^.[\]{}$]+)|\[(-?\d{1,9})\]|\["([^"]*)"\]|\['([^']*)'\]/y;

/**
 * Reads a path; the empty text is the whole value.
 *
 * Throws `bad_template` when the text is no path.
 */
export function parsePath(text: string): Path {
  const path: Path = [];
  SEGMENT.lastIndex = 0;
  let end = 0;
  while (end < text.length) {
    const match = text.startsWith('.', end) && path.length === 0 ? null : SEGMENT.exec(text);
    const [whole, key, index, double, single] = match ?? [''];
    if (whole === '' || (key !== undefined && path.length > 0 && !whole.startsWith('.'))) throw noPath(text);
    path.push(index === undefined ? (key ?? double ?? single ?? '') : Number(index));
    end += whole.length;
    SEGMENT.lastIndex = end;
  }
  return path;
}

/** What lies at `path` in `value` from position `start` of the path on; null when anything on the way is missing. */
export function getPath(value: Json | undefined, path: readonly (string | number)[], start = 0): Json {
  let current: Json | undefined = value;
  for (let i = start; i < path.length; i++) {
    current = step(current, path[i] as string | number);
    if (current === undefined) return null;
  }
  return current ?? null;
}

function step(value: Json | undefined, segment: string | number): Json | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (Array.isArray(value)) return typeof segment === 'number' ? value.at(segment) : undefined;
  return typeof segment === 'string' && Object.hasOwn(value, segment) ? value[segment] : undefined;
}

function noPath(text: string): ExpressionError {
  return new ExpressionError('bad_template', `'${text.slice(0, 80)}' is not a path like items[0].name`);
}
